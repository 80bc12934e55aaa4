"""Scenes out of doors: a city, the sea, a desert, a train through the night."""

import math
import random

from PIL import Image, ImageDraw

from demo_media.drawing import (
    AMBER,
    CREAM,
    HEIGHT,
    TURN,
    WIDTH,
    Colour,
    Draw,
    Strip,
    disc,
    glow,
    gradient,
    hills,
    ridge,
)


def skyline(low: int, high: int, body: Colour, lit: Colour, share: float, seed: int) -> Strip:
    """A strip of houses, some windows lit."""
    rng = random.Random(seed)

    def paint(draw: ImageDraw.ImageDraw) -> None:
        x = 0
        while x < WIDTH:
            width = min(rng.choice((60, 80, 100, 120)), WIDTH - x)
            top = HEIGHT - rng.randrange(low, high)
            draw.rectangle((x, top, x + width - 4, HEIGHT), fill=body)
            if rng.random() < 0.3:
                draw.rectangle((x + width // 2, top - 50, x + width // 2 + 4, top), fill=body)
            for column in range(x + 12, x + width - 20, 20):
                for row in range(top + 16, HEIGHT - 40, 28):
                    if rng.random() < share:
                        draw.rectangle((column, row, column + 8, row + 13), fill=lit)
            x += width

    return Strip(paint)


def night_city() -> Draw:
    """Houses under the moon, and late cars."""
    sky = glow(gradient((9, 13, 36), (24, 44, 84), (40, 66, 104)), 900, 230, 420, (70, 74, 80))
    moon = ImageDraw.Draw(sky)
    disc(moon, 900, 230, 120, (240, 232, 205))
    for x, y, radius in ((860, 190, 26), (945, 250, 34), (880, 290, 16)):
        disc(moon, x, y, radius, (220, 211, 182))
    far = skyline(260, 430, (22, 38, 70), (70, 90, 120), 0.12, 3)
    middle = skyline(180, 330, (14, 24, 48), (196, 150, 82), 0.10, 5)
    near = skyline(90, 210, (7, 10, 22), AMBER, 0.16, 8)

    def draw(phase: float) -> Image.Image:
        image = sky.copy()
        for strip, turns in ((far, 0.0), (middle, 0.0), (near, phase)):
            strip.show(image, turns)
        brush = ImageDraw.Draw(image)
        brush.rectangle((0, 672, WIDTH, HEIGHT), fill=(5, 6, 12))
        for number in range(7):
            x = (number * 331 + phase * WIDTH * 4) % (WIDTH + 200) - 100
            if number % 2:
                brush.rounded_rectangle((x, 684, x + 44, 690), 3, fill=(255, 240, 205))
            else:
                x = (number * 277 + (2 - phase * 2) * (WIDTH + 200)) % (WIDTH + 200) - 100
                brush.rounded_rectangle((x, 702, x + 34, 708), 3, fill=(226, 66, 54))
        return image

    return draw


def evening_tide() -> Draw:
    """A boat on waves before the setting sun."""
    sky = glow(gradient((44, 24, 74), (150, 62, 104), (244, 138, 84)), 640, 400, 520, (90, 60, 20))
    disc(ImageDraw.Draw(sky), 640, 380, 170, (255, 214, 138))
    shades = ((96, 46, 92), (78, 38, 84), (60, 31, 74), (43, 25, 62), (26, 17, 46))

    def wave(level: int, phase: float) -> list[tuple[float, float]]:
        top = 404 + level * 62
        points = [(0.0, float(HEIGHT))]
        for x in range(0, WIDTH + 10, 10):
            swing = math.sin(TURN * (x / WIDTH * (5 - level * 0.5) + phase * (2 + level)) + level)
            slow = math.sin(TURN * (x / WIDTH * 2 - phase) + 2 * level)
            points.append((x, top + swing * (5 + 3 * level) + slow * 6))
        return [*points, (WIDTH, float(HEIGHT))]

    def draw(phase: float) -> Image.Image:
        image = sky.copy()
        brush = ImageDraw.Draw(image)
        for level, shade in enumerate(shades):
            if level == 2:
                sail(brush, 420 + 90 * math.sin(TURN * phase), 536, math.sin(TURN * 4 * phase))
            brush.polygon(wave(level, phase), fill=shade)
            for line in range(4):
                width = (70 + 25 * math.sin(TURN * (3 * phase + line / 4) + level)) * (
                    1.2 - level / 6
                )
                y = 420 + level * 62 + line * 15
                if level < 4:
                    brush.rounded_rectangle(
                        (640 - width, y, 640 + width, y + 3), 2, fill=(255, 190, 112)
                    )
        return image

    return draw


def sail(brush: ImageDraw.ImageDraw, x: float, y: float, bob: float) -> None:
    """A small boat, tilted a little."""
    y, lean = y + 4 * bob, 8 * bob
    brush.polygon(
        [(x - 60, y - 14), (x + 60, y - 14), (x + 40, y + 14), (x - 42, y + 14)], (24, 12, 30)
    )
    brush.line((x, y - 14, x + lean, y - 150), fill=(24, 12, 30), width=5)
    brush.polygon([(x + 5, y - 24), (x + lean + 3, y - 146), (x + 66, y - 32)], fill=CREAM)
    brush.polygon(
        [(x - 5, y - 24), (x + lean - 3, y - 126), (x - 44, y - 30)], fill=(232, 206, 176)
    )


def red_desert() -> Draw:
    """Rocks and cactuses that pass by."""
    sky = glow(gradient((120, 46, 26), (206, 96, 44), (250, 186, 112)), 760, 280, 460, (60, 50, 30))
    disc(ImageDraw.Draw(sky), 760, 280, 130, (255, 232, 170))
    mesas = Strip(lambda draw: _mesas(draw, (176, 84, 50), 430, 11))
    nearer = Strip(lambda draw: _mesas(draw, (124, 54, 36), 500, 12))
    dunes = hills(590, 34, (1, 2, 3), 4, (78, 32, 24))
    ground = Strip(_cactuses)

    def draw(phase: float) -> Image.Image:
        image = sky.copy()
        for strip, turns in (
            (mesas, 0.0),
            (nearer, phase),
            (dunes, 2 * phase),
            (ground, 3 * phase),
        ):
            strip.show(image, turns)
        brush = ImageDraw.Draw(image)
        for bird in range(3):
            x = (phase * 2 * (WIDTH + 300) + bird * 70) % (WIDTH + 300) - 150
            y = 150 + 30 * bird % 50 + 14 * math.sin(TURN * (2 * phase) + bird)
            wing = 10 * math.sin(TURN * (16 * phase + bird / 3))
            points = [(x - 24, y - wing), (x, y), (x + 24, y - wing)]
            brush.line(points, fill=(60, 24, 20), width=5, joint="curve")
        return image

    return draw


def _mesas(draw: ImageDraw.ImageDraw, fill: Colour, base: int, seed: int) -> None:
    rng = random.Random(seed)
    draw.rectangle((0, base + 60, WIDTH, HEIGHT), fill=fill)
    for x in range(20, WIDTH - 200, 250):
        width, height = rng.randrange(110, 210), rng.randrange(60, 170)
        slope = 30
        draw.polygon(
            [
                (x, base + 60),
                (x + slope, base - height),
                (x + width, base - height),
                (x + width + slope, base + 60),
            ],
            fill=fill,
        )


def _cactuses(draw: ImageDraw.ImageDraw) -> None:
    dark = (40, 15, 16)
    draw.polygon(ridge(660, 16, (1, 3), 9), fill=dark)
    for x, size in ((140, 1.0), (620, 1.4), (1010, 0.8)):
        for left, top, right, bottom in (
            (-11, -130, 11, 40),
            (-46, -70, -30, -20),
            (30, -96, 46, -40),
        ):
            box = [x + left * size, 650 + top * size, x + right * size, 650 + bottom * size]
            draw.rounded_rectangle(box, 9 * size, fill=dark)
        draw.rectangle((x - 40 * size, 650 - 32 * size, x, 650 - 18 * size), fill=dark)
        draw.rectangle((x, 650 - 54 * size, x + 40 * size, 650 - 40 * size), fill=dark)


def night_train() -> Draw:
    """The view from a compartment, with a lamp on the table."""
    sky = glow(gradient((10, 18, 40), (26, 52, 82), (66, 96, 116)), 420, 180, 260, (60, 60, 60))
    disc(ImageDraw.Draw(sky), 420, 180, 56, (236, 230, 208))
    far = hills(430, 60, (1, 2, 3), 5, (34, 58, 84))
    near = hills(500, 44, (2, 3, 5), 6, (18, 36, 54))
    firs = Strip(_firs)
    poles = Strip(lambda draw: draw.rectangle((300, 90, 311, HEIGHT), fill=(6, 10, 18)))
    inside, mask = _compartment()

    def draw(phase: float) -> Image.Image:
        image = sky.copy()
        for strip, turns in (
            (far, phase),
            (near, 2 * phase),
            (firs, 4 * phase),
            (poles, 12 * phase),
        ):
            strip.show(image, turns)
        sway = round(2 * math.sin(TURN * 12 * phase))
        image.paste(inside, (0, sway), mask)
        return image

    return draw


def _firs(draw: ImageDraw.ImageDraw) -> None:
    rng = random.Random(14)
    draw.rectangle((0, 560, WIDTH, HEIGHT), fill=(9, 20, 32))
    for x in range(30, WIDTH - 30, 64):
        height = rng.randrange(60, 150)
        draw.polygon([(x - 26, 566), (x, 566 - height), (x + 26, 566)], fill=(9, 20, 32))


def _compartment() -> tuple[Image.Image, Image.Image]:
    """The wall around the window, and where it is."""
    mask = Image.new("L", (WIDTH, HEIGHT), 255)
    ImageDraw.Draw(mask).rounded_rectangle((150, 70, 1130, 560), 46, fill=0)
    wall = glow(gradient((26, 16, 18), (36, 22, 22), (22, 13, 15)), 1010, 470, 430, (120, 70, 22))
    brush = ImageDraw.Draw(wall)
    brush.rounded_rectangle((134, 54, 1146, 576), 58, outline=(74, 46, 34), width=10)
    for box, fill in (
        ((100, 626, 1180, 650), (92, 56, 38)),
        ((100, 650, 1180, 664), (52, 31, 24)),
        ((1002, 520, 1018, 626), (120, 82, 44)),
        ((974, 612, 1046, 628), (120, 82, 44)),
    ):
        brush.rectangle(box, fill=fill)
    shade = [(950, 524), (980, 440), (1040, 440), (1070, 524)]
    brush.polygon(shade, fill=AMBER)
    ImageDraw.Draw(mask).polygon(shade, fill=255)
    ImageDraw.Draw(mask).rectangle((1002, 520, 1018, 626), fill=255)
    return wall, mask
