"""Collecting the elements of one entry after the other out of a parser's events."""

from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from matinee.epg.feeds.elements import Attributes, Element, Elements, Part

DEEPEST = 10
"""Elements within one another, counted from the entry."""


class Collector:
    """Handlers of a parser that hand over each entry when it ends.

    `on_start` is told of an element outside of entries, and says whether it is an entry to collect.
    `on_entry` gets its name, its attributes and the elements in it. `on_end` is told of an element
    that ends outside of entries, `on_depth` of elements that lie too deep.

    The handlers close over one stack, on which attributes and texts lie in the order in which they
    came: they are called for every tag of a guide, and cost a third less than methods would.
    """

    def __init__(
        self,
        on_start: Callable[[str, Attributes], bool],
        on_entry: Callable[[str, Attributes, Elements], None],
        on_end: Callable[[str], None],
        on_depth: Callable[[], None],
    ) -> None:
        stack: list[Any] = []
        push, pop = stack.append, stack.pop
        elements: dict[str, list[Element]] = {}
        parts: list[Part] = []
        depth = 0

        def start(name: str, attributes: Attributes) -> None:
            nonlocal depth
            if depth or on_start(name, attributes):
                depth += 1
                push(attributes)

        def end(name: str) -> None:
            nonlocal depth, elements, parts
            if not depth:
                on_end(name)
                return
            depth -= 1
            text = ""
            while (top := pop()).__class__ is str:
                text = top + text if text else top
            if depth == 1:
                if name in elements:
                    elements[name].append((top, text, parts))
                else:
                    elements[name] = [(top, text, parts)]
                if parts:
                    parts = []
            elif depth == 2:
                parts.append((name, top, text))
            elif not depth:
                collected, elements = elements, {}
                on_entry(name, top, collected)
            elif depth > DEEPEST:
                on_depth()

        self._stack = stack
        self._start, self._end = start, end

    def listen(self, parser: expat.XMLParserType) -> None:
        """Let the parser call the handlers."""
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._stack.append

    def forget_texts(self) -> None:
        """Drop what stands between entries; not to be called within one."""
        self._stack.clear()
