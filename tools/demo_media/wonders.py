"""Scenes of other kinds: space, rain, paper, a record, a forest, a film's leader, a slate."""

import math
import random
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

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
    ridge,
    text,
)


def deep_space() -> Draw:
    """A flight past a planet with a ring."""
    rng = random.Random(21)
    space = glow(gradient((6, 10, 22), (10, 30, 44), (8, 14, 28)), 860, 330, 560, (16, 58, 62))
    stars = [(rng.uniform(-1, 1), rng.uniform(-1, 1), rng.random()) for _ in range(150)]
    planet = _planet()

    def draw(phase: float) -> Image.Image:
        image = space.copy()
        brush = ImageDraw.Draw(image)
        for x, y, z in stars:
            depth = (z - 2 * phase) % 1
            left, top = 640 + x * 200 / (depth + 0.08), 360 + y * 160 / (depth + 0.08)
            near = 1 - depth
            shade = round(235 * near)
            disc(brush, left, top, 0.8 + 2.4 * near * near, (shade, shade, min(255, shade + 12)))
        y = 150 + round(10 * math.sin(TURN * phase))
        image.paste(planet, (620, y), planet)
        return image

    return draw


def _planet() -> Image.Image:
    """A lit ball with bands; its ring is behind it above, before it below."""
    size = 520
    columns, rows = np.meshgrid(np.arange(size), np.arange(size))
    x, y = (columns - 260) / 150, (rows - 210) / 150
    inside = np.hypot(x, y) < 1
    light = np.clip(0.16 + 0.9 * (-0.55 * x - 0.5 * y + 0.45), 0.08, 1)
    bands = 0.86 + 0.14 * np.sin(9 * (y + 0.25 * x) + 0.6 * np.sin(3 * y))
    pixels = np.zeros((size, size, 4))
    pixels[..., :3] = (light * bands)[..., None] * np.array((84, 190, 178))
    pixels[..., 3] = inside * 255
    ball = Image.fromarray(pixels.astype(np.uint8))
    ring = Image.new("RGBA", (size, size))
    brush = ImageDraw.Draw(ring)
    for grow, alpha in ((0, 235), (14, 150), (26, 90)):
        box = (20 - grow + 26, 150 - grow / 4, 500 + grow - 26, 270 + grow / 4)
        brush.ellipse(box, outline=(*AMBER, alpha), width=9)
    ring = ring.rotate(-16, center=(260, 210), resample=Image.Resampling.BICUBIC)
    whole = Image.new("RGBA", (size, size))
    whole.alpha_composite(ring)
    whole.alpha_composite(ball)
    front = np.array(ring)
    front[(rows - 210) < (columns - 260) * math.tan(math.radians(16))] = 0
    whole.alpha_composite(Image.fromarray(front))
    return whole


def rain_on_glass() -> Draw:
    """Drops run down a window; behind it are the lights of a street."""
    rng = random.Random(31)
    street = Image.new("RGB", (WIDTH, HEIGHT), (12, 16, 26))
    for _ in range(34):
        tint = rng.choice(((255, 183, 77), (214, 90, 60), (86, 132, 160), (240, 220, 180)))
        shade = rng.uniform(0.25, 0.8)
        light = Image.new("RGB", (WIDTH, HEIGHT))
        where = (rng.randrange(WIDTH), rng.gauss(430, 110), rng.uniform(24, 62))
        disc(ImageDraw.Draw(light), *where, fill=tuple(round(part * shade) for part in tint))
        street = ImageChops.add(street, light)
    street = street.filter(ImageFilter.GaussianBlur(9))
    pane = street.copy()
    for _ in range(260):
        _drop(pane, street, rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(2, 6))
    runners = [(rng.uniform(20, WIDTH - 20), rng.random(), rng.uniform(7, 11)) for _ in range(22)]

    def draw(phase: float) -> Image.Image:
        image = pane.copy()
        for number, (column, start, size) in enumerate(runners):
            fallen = (start + phase * (1 + number % 2)) % 1
            # in jerks: a drop waits until it is heavy enough
            y = (fallen + 0.028 * math.sin(TURN * 7 * fallen)) * (HEIGHT + 160) - 80
            x = column + 9 * math.sin(TURN * 3 * fallen + number)
            _trail(image, street, x, y, size)
            _drop(image, street, x, y, size)
        return image

    return draw


def _drop(image: Image.Image, behind: Image.Image, x: float, y: float, size: float) -> None:
    """A lens: what is behind, upside down and brighter, with a spark of light."""
    left, top = round(x - size), round(y - size)
    side = max(2, round(2 * size))
    source = behind.crop((left - side, top - side, left + 2 * side, top + 2 * side))
    source = source.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((side, side))
    source = ImageChops.add(source, Image.new("RGB", source.size, (26, 28, 34)))
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).ellipse((0, 0, side - 1, side - 1), fill=255)
    image.paste(source, (left, top), mask)
    spark = max(1.0, size / 5)
    disc(ImageDraw.Draw(image), x - size / 3, y - size / 3, spark, (236, 240, 244))


def _trail(image: Image.Image, behind: Image.Image, x: float, y: float, size: float) -> None:
    """The wet line above a drop: the street, a little brighter."""
    width, length = round(size), 130
    box = (round(x) - width // 2, round(y) - length, round(x) + width // 2 + 1, round(y))
    wet = behind.crop(box)
    image.paste(ImageChops.add(wet, Image.new("RGB", wet.size, (9, 10, 12))), box[:2])


def paper_theatre() -> Draw:
    """A balloon above paper hills, for children."""
    sky = gradient((150, 176, 255), (196, 210, 255), (255, 214, 196))
    back = _paper_hills(470, 56, (1, 2), 3, (52, 168, 150))
    middle = _paper_hills(560, 44, (1, 3), 4, (36, 132, 128))
    front = _paper_hills(640, 30, (2, 3), 7, (116, 84, 178))
    cloud = Strip(_clouds)

    def draw(phase: float) -> Image.Image:
        image = sky.copy()
        brush = ImageDraw.Draw(image)
        _sun(brush, 300, 210, phase)
        cloud.show(image, phase, round(8 * math.sin(TURN * phase)))
        for strip, turns in ((back, 0.0), (middle, phase)):
            strip.show(image, turns)
        x, y = 820 + 150 * math.sin(TURN * phase), 300 + 34 * math.sin(TURN * 2 * phase)
        _balloon(ImageDraw.Draw(image), x, y)
        front.show(image, 2 * phase)
        return image

    return draw


def _paper_hills(
    base: float, height: float, waves: Sequence[int], seed: int, fill: Colour
) -> Strip:
    """Hills with the shadow that a sheet of paper throws on the one behind."""

    def paint(draw: ImageDraw.ImageDraw) -> None:
        outline = ridge(base, height, waves, seed)
        for lift, alpha in ((14, 26), (8, 40)):
            draw.polygon([(x, y - lift) for x, y in outline], fill=(20, 30, 60, alpha))
        draw.polygon(outline, fill=fill)

    return Strip(paint)


def _clouds(draw: ImageDraw.ImageDraw) -> None:
    for x, y, size in ((180, 130, 1.0), (640, 90, 0.7), (980, 190, 1.2)):
        for left, up, radius in ((-60, 0, 34), (-16, 22, 48), (42, 8, 40)):
            disc(draw, x + left * size, y - up * size, radius * size, CREAM)
        box = (x - 92 * size, y, x + 82 * size, y + 34 * size)
        draw.rounded_rectangle(box, 17 * size, fill=CREAM)


def _sun(brush: ImageDraw.ImageDraw, x: float, y: float, phase: float) -> None:
    for ray in range(12):
        angle = TURN * (ray + 2 * phase) / 12
        tip = 142 + 10 * math.sin(TURN * 8 * phase + ray * math.pi)
        points = [
            (x + reach * math.cos(angle + turn), y + reach * math.sin(angle + turn))
            for reach, turn in ((104, -0.11), (tip, 0.0), (104, 0.11))
        ]
        brush.polygon(points, fill=(255, 198, 60))
    disc(brush, x, y, 90, (255, 214, 84))
    open_eyes = not 0.48 < (phase * 6) % 1 < 0.52
    for side in (-30, 30):
        if open_eyes:
            disc(brush, x + side, y - 16, 8, (92, 58, 20))
        else:
            brush.line((x + side - 9, y - 16, x + side + 9, y - 16), (92, 58, 20), 5)
    brush.arc((x - 38, y - 30, x + 38, y + 40), 25, 155, (92, 58, 20), 7)


def _balloon(brush: ImageDraw.ImageDraw, x: float, y: float) -> None:
    for shift, fill in ((0, (236, 92, 76)), (46, (250, 168, 64)), (92, (246, 241, 228))):
        half = 96 - shift
        brush.ellipse((x - half, y - 120, x + half, y + 90), fill=fill)
    for side in (-22, 22):
        brush.line((x + side * 2.2, y + 70, x + side, y + 136), (90, 58, 40), 3)
    brush.rounded_rectangle((x - 26, y + 132, x + 26, y + 168), 8, fill=(146, 92, 52))


def turntable() -> Draw:
    """A record that turns, and the music as bars."""
    room = glow(gradient((14, 48, 50), (12, 34, 40), (9, 18, 24)), 480, 330, 620, (10, 44, 44))
    brush = ImageDraw.Draw(room)
    brush.rounded_rectangle((150, 60, 990, 620), 40, fill=(24, 26, 30))
    disc(brush, 470, 340, 262, (8, 8, 10))
    for radius in range(120, 262, 9):
        box = (470 - radius, 340 - radius, 470 + radius, 340 + radius)
        brush.ellipse(box, outline=(24, 24, 28), width=2)
    for start in (22, 202):
        brush.pieslice((212, 82, 728, 598), start, start + 26, fill=(34, 35, 40))

    def draw(phase: float) -> Image.Image:
        image = room.copy()
        brush = ImageDraw.Draw(image)
        disc(brush, 470, 340, 100, AMBER)
        angle = TURN * 16 * phase
        for quarter, reach in ((0, 66), (math.pi, 66), (math.pi / 2, 44)):
            x, y = 470 + reach * math.cos(angle + quarter), 340 + reach * math.sin(angle + quarter)
            disc(brush, x, y, 13 if reach == 66 else 8, (190, 104, 36))
        disc(brush, 470, 340, 12, (14, 16, 20))
        _arm(brush, phase)
        for bar in range(9):
            loud = abs(math.sin(TURN * (4 + bar % 4) * phase + bar)) * (
                0.5 + 0.5 * math.sin(bar + 1) ** 2
            )
            height = 24 + 420 * loud
            box = (1030 + bar * 22, 600 - height, 1044 + bar * 22, 600)
            brush.rounded_rectangle(box, 6, fill=AMBER if bar == 4 else (66, 142, 136))
        return image

    return draw


def _arm(brush: ImageDraw.ImageDraw, phase: float) -> None:
    x, y = 640 + 6 * math.sin(TURN * phase), 452.0
    brush.line([(880, 150), (880, 320), (x, y)], fill=(196, 200, 204), width=12, joint="curve")
    brush.line([(x + 24, y - 14), (x - 16, y + 10)], fill=(232, 234, 236), width=26)
    disc(brush, 880, 150, 44, (52, 55, 60))
    disc(brush, 880, 150, 22, (120, 124, 128))


def firefly_forest() -> Draw:
    """Trunks before the moon, and lights among them."""
    rng = random.Random(17)
    mist = glow(gradient((8, 26, 32), (16, 58, 60), (10, 34, 36)), 800, 250, 440, (60, 84, 66))
    disc(ImageDraw.Draw(mist), 800, 250, 96, (236, 232, 190))
    layers = [
        (_trunks(13, 16, (18, 62, 62), 3), 0.0),
        (_trunks(9, 30, (10, 40, 42), 4), 0.02),
        (_trunks(5, 58, (4, 16, 18), 5), 0.06),
    ]
    flies = [
        (
            rng.uniform(60, WIDTH - 60),
            rng.uniform(330, 660),
            rng.randint(1, 4),
            rng.uniform(0, TURN),
        )
        for _ in range(26)
    ]

    def draw(phase: float) -> Image.Image:
        image = mist.copy()
        for depth, (strip, sway) in enumerate(layers):
            strip.show(image, sway * math.sin(TURN * phase))
            brush = ImageDraw.Draw(image)
            for x, y, pace, shift in flies[depth::3]:
                left = x + 60 * math.sin(TURN * pace * phase + shift)
                top = y + 30 * math.sin(TURN * 2 * pace * phase + 2 * shift)
                shine = max(0.0, math.sin(TURN * 3 * pace * phase + shift))
                if shine > 0.1:
                    disc(brush, left, top, 9 * shine, (104, 96, 44))
                    disc(brush, left, top, 4.5 * shine, (255, 224, 130))
        return image

    return draw


def _trunks(count: int, width: int, fill: Colour, seed: int) -> Strip:
    rng = random.Random(seed)

    def paint(draw: ImageDraw.ImageDraw) -> None:
        step = WIDTH // count
        for number in range(count):
            x = number * step + rng.randrange(10, max(11, step - width - 10))
            lean = rng.randrange(-14, 14)
            draw.polygon(
                [(x, HEIGHT), (x + lean, 0), (x + lean + width * 0.7, 0), (x + width, HEIGHT)], fill
            )
            for _ in range(3):
                y, side = rng.randrange(40, 420), rng.choice((-1, 1))
                tip = (x + width / 2 + side * 3 * width, y - 2 * width)
                draw.line([(x + width / 2, y), tip], fill=fill, width=max(3, width // 6))
        draw.polygon(ridge(690, 10, (2, 5), seed), fill=fill)

    return Strip(paint)


def film_leader() -> Draw:
    """The countdown before a film: three seconds for each number from eight to one."""
    paper = glow(
        gradient((104, 92, 74), (140, 126, 102), (104, 92, 74)), 640, 360, 640, (52, 48, 40)
    )
    digits = text(270)

    def draw(phase: float) -> Image.Image:
        image = paper.copy()
        brush = ImageDraw.Draw(image)
        number, part = divmod(phase * 8, 1)
        box = (640 - 800, 360 - 800, 640 + 800, 360 + 800)
        brush.pieslice(box, -90, -90 + 360 * part, fill=(84, 74, 60))
        brush.line((0, 360, WIDTH, 360), fill=(44, 38, 32), width=4)
        brush.line((640, 0, 640, HEIGHT), fill=(44, 38, 32), width=4)
        for radius in (268, 238):
            box = (640 - radius, 360 - radius, 640 + radius, 360 + radius)
            brush.ellipse(box, outline=(240, 230, 206), width=7)
        brush.text((640, 364), str(8 - int(number)), (30, 26, 24), digits, anchor="mm")
        return image

    return draw


def back_soon() -> Draw:
    """The slate between programmes: a test card with a hand that goes round."""
    card = glow(gradient((17, 17, 24), (20, 20, 30), (13, 13, 19)), 640, 330, 620, (26, 20, 12))
    brush = ImageDraw.Draw(card)
    for x in range(0, WIDTH + 1, 80):
        brush.line((x, 0, x, HEIGHT), fill=(30, 30, 40), width=2)
    for y in range(0, HEIGHT + 1, 80):
        brush.line((0, y, WIDTH, y), fill=(30, 30, 40), width=2)
    disc(brush, 640, 320, 250, (17, 17, 25))
    bars = (
        (196, 194, 186),
        (190, 160, 84),
        (84, 160, 164),
        (96, 150, 96),
        (160, 92, 140),
        (168, 70, 60),
        (66, 82, 150),
    )
    for number, bar in enumerate(bars):
        brush.rectangle((395 + number * 70, 612, 395 + number * 70 + 69, 636), fill=bar)
    brush.text((640, 306), "Back soon", CREAM, text(84), anchor="mm")
    brush.text((640, 384), "This channel returns shortly", (150, 150, 162), text(30), anchor="mm")

    def draw(phase: float) -> Image.Image:
        image = card.copy()
        brush = ImageDraw.Draw(image)
        box = (390, 70, 890, 570)
        brush.ellipse(box, outline=(46, 46, 60), width=8)
        sweep = 360 * 2 * phase % 360
        brush.arc(box, sweep - 150, sweep - 90, fill=AMBER, width=8)
        return image

    return draw
