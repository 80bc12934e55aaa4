"""Brushes of the demo's scenes: skies, light, layers that pass by.

Everything is drawn at twice the size in which it is shown, which smooths its edges.
"""

import math
import random
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFont

WIDTH, HEIGHT = 1280, 720
NIGHT, AMBER, CREAM = (11, 11, 16), (255, 183, 77), (246, 241, 228)
TURN = 2 * math.pi

Colour = tuple[int, int, int]
Draw = Callable[[float], Image.Image]


def gradient(*colours: Colour) -> Image.Image:
    """Colours from top to bottom."""
    stops = np.linspace(0, HEIGHT - 1, len(colours))
    rows = np.stack([np.interp(range(HEIGHT), stops, part) for part in zip(*colours, strict=True)])
    pixels = np.repeat(rows.T[:, None, :], WIDTH, axis=1)
    return Image.fromarray(pixels.round().astype(np.uint8))


def glow(image: Image.Image, x: float, y: float, radius: float, colour: Colour) -> Image.Image:
    """The image with light around a point."""
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    distance = np.hypot(columns - x, rows - y) / radius
    light = np.clip(1 - distance, 0, 1)[..., None] ** 2 * np.array(colour)
    return ImageChops.add(image, Image.fromarray(light.astype(np.uint8)))


def disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: Colour) -> None:
    """A filled circle."""
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def text(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own typeface."""
    return ImageFont.load_default(size)


class Strip:
    """A layer as wide as the picture, whose right end goes on at its left one."""

    def __init__(self, paint: Callable[[ImageDraw.ImageDraw], None]) -> None:
        self._image = Image.new("RGBA", (WIDTH, HEIGHT))
        paint(ImageDraw.Draw(self._image))

    def show(self, image: Image.Image, turns: float, y: int = 0) -> None:
        """Put it over the image, moved to the left by so many widths."""
        x = -round(turns * WIDTH) % WIDTH
        for left in (x - WIDTH, x):
            image.paste(self._image, (left, y), self._image)


def ridge(base: float, height: float, waves: Sequence[int], seed: int) -> list[tuple[float, float]]:
    """The outline of hills, closed at the bottom; whole waves meet at both ends."""
    rng = random.Random(seed)
    shifts = [rng.uniform(0, TURN) for _ in waves]
    points = [(0.0, float(HEIGHT))]
    for x in range(0, WIDTH + 8, 8):
        swing = sum(
            math.sin(wave * x / WIDTH * TURN + shift) / wave
            for wave, shift in zip(waves, shifts, strict=True)
        )
        points.append((x, base - height * swing))
    return [*points, (WIDTH, float(HEIGHT))]


def hills(base: float, height: float, waves: Sequence[int], seed: int, fill: Colour) -> Strip:
    """A strip of hills."""
    return Strip(lambda draw: draw.polygon(ridge(base, height, waves, seed), fill=fill))
