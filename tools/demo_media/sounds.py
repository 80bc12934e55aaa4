"""The sound of the demo's clips: quiet chords, water, wind, a train; each loops seamlessly.

Sounds are arrays of floats; a tone has a whole number of periods in the clip, and noise is made
from a spectrum, so that the end goes on at the beginning.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
LOUDEST = 0.25

Sound = NDArray[np.float64]
MakeSound = Callable[[int], Sound]


def clock(seconds: int) -> Sound:
    """The time of each sample."""
    return np.arange(seconds * RATE) / RATE


def tone(seconds: int, hertz: float) -> Sound:
    """A sine of nearly that frequency."""
    return np.sin(2 * np.pi * round(hertz * seconds) / seconds * clock(seconds))


def swell(seconds: int, times: int, floor: float = 0.3, shift: float = 0.0) -> Sound:
    """A loudness from `floor` to 1 that rises and falls so many times."""
    wave = 0.5 - 0.5 * np.cos(2 * np.pi * (times * clock(seconds) / seconds + shift))
    return floor + (1 - floor) * wave


def noise(seconds: int, low: float, high: float, seed: int) -> Sound:
    """Noise between two frequencies, softer towards the higher ones."""
    rng = np.random.default_rng(seed)
    count = seconds * RATE
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    level = np.where((frequencies >= low) & (frequencies <= high), 1 / np.sqrt(frequencies + 40), 0)
    spectrum = level * np.exp(2j * np.pi * rng.random(len(frequencies)))
    signal = np.fft.irfft(spectrum, count)
    return signal / np.abs(signal).max()


def chord(seconds: int, *hertz: float) -> Sound:
    """Soft tones that come and go at their own pace."""
    parts = [
        (tone(seconds, pitch) + 0.25 * tone(seconds, 2 * pitch + 0.3))
        * swell(seconds, 1 + number % 3, 0.35, number / 5)
        for number, pitch in enumerate(hertz)
    ]
    return np.sum(parts, axis=0) / len(parts)


def plucks(seconds: int, every: float, pitches: Sequence[float], decay: float = 1.1) -> Sound:
    """Single tones that fade away, one after the other; the last ones ring into the first."""
    signal = np.zeros(seconds * RATE)
    length = int(min(4, seconds) * RATE)
    time = np.arange(length) / RATE
    fade = np.exp(-time / decay * 2.2) * np.minimum(1, time / 0.012)
    for number in range(round(seconds / every)):
        pitch = pitches[number * 7 % len(pitches) if number % 4 else 0]
        note = fade * (np.sin(2 * np.pi * pitch * time) + 0.3 * np.sin(4 * np.pi * pitch * time))
        where = (int(number * every * RATE) + np.arange(length)) % len(signal)
        signal[where] += note
    return signal / np.abs(signal).max()


def knocks(seconds: int, every: float, seed: int) -> Sound:
    """Dull pairs of knocks: wheels on rails, a projector."""
    rng = np.random.default_rng(seed)
    signal = np.zeros(seconds * RATE)
    time = np.arange(int(0.12 * RATE)) / RATE
    hit = np.exp(-time * 45) * (np.sin(2 * np.pi * 74 * time) + 0.25 * rng.normal(size=len(time)))
    for number in range(round(seconds / every)):
        for shift, loudness in ((0.0, 1.0), (every * 0.22, 0.7)):
            where = (int((number * every + shift) * RATE) + np.arange(len(hit))) % len(signal)
            signal[where] += loudness * hit
    return signal / np.abs(signal).max()


def city(seconds: int) -> Sound:
    """Far traffic and a low chord."""
    return 0.5 * noise(seconds, 40, 420, 1) * swell(seconds, 3, 0.5) + chord(
        seconds, 110, 164.8, 220, 277.2
    )


def tide(seconds: int) -> Sound:
    """Waves that break, eight seconds apart."""
    waves = noise(seconds, 90, 4200, 2) * swell(seconds, seconds // 8, 0.1) ** 2
    return waves + 0.6 * chord(seconds, 130.8, 196, 329.6)


def desert(seconds: int) -> Sound:
    """Wind, and a few plucked strings."""
    wind = noise(seconds, 160, 900, 3) * swell(seconds, 2, 0.2)
    return 0.5 * wind + 0.7 * plucks(seconds, 1.0, (146.8, 220, 293.7, 349.2, 440), 1.6)


def space(seconds: int) -> Sound:
    """A wide, low chord."""
    return chord(seconds, 55, 82.4, 110, 164.8, 246.9) + 0.12 * noise(seconds, 300, 1600, 4)


def train(seconds: int) -> Sound:
    """Wheels on rails."""
    wheels = knocks(seconds, 1.0, 5)
    return wheels + 0.35 * noise(seconds, 50, 600, 5) + 0.35 * chord(seconds, 98, 146.8, 196)


def rain(seconds: int) -> Sound:
    """Rain, and a piano far away."""
    return 0.45 * noise(seconds, 500, 7000, 6) + 0.8 * plucks(
        seconds, 1.5, (220, 261.6, 329.6, 392, 493.9), 1.8
    )


def music_box(seconds: int) -> Sound:
    """A tune for children."""
    return plucks(seconds, 0.5, (523.3, 587.3, 659.3, 784, 880, 1046.5), 0.8)


def record(seconds: int) -> Sound:
    """A slow groove."""
    bass = plucks(seconds, 1.0, (82.4, 110, 98, 123.5), 0.7)
    return (
        bass
        + 0.5 * plucks(seconds, 0.5, (329.6, 392, 440, 493.9, 587.3), 0.5)
        + 0.08 * noise(seconds, 1000, 6000, 8)
    )


def forest(seconds: int) -> Sound:
    """Night air and a chord in minor."""
    crickets = tone(seconds, 4200) * swell(seconds, seconds * 9, 0.0) * swell(seconds, 4, 0.0)
    return (
        chord(seconds, 98, 116.5, 146.8, 233.1)
        + 0.03 * crickets
        + 0.15 * noise(seconds, 200, 900, 9)
    )


def projector(seconds: int) -> Sound:
    """An old machine at work."""
    return 0.5 * knocks(seconds, 0.125, 10) + 0.2 * noise(seconds, 200, 2400, 10)


def waiting(seconds: int) -> Sound:
    """Hardly anything: a chord."""
    return chord(seconds, 130.8, 164.8, 196, 246.9)


def pcm(sound: Sound) -> bytes:
    """Stereo samples of 16 bits: the right side hears it a little later."""
    signal = sound / np.abs(sound).max() * LOUDEST
    sides = np.stack([signal, 0.7 * signal + 0.3 * np.roll(signal, 430)], axis=1)
    return (sides * 32767).astype("<i2").tobytes()
