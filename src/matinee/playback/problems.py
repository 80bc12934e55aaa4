"""The ways in which a playlist or a medium is refused."""

from matinee.core.errors import Problem


class ChannelOffAir(Problem):
    """This channel sends nothing at that time."""

    status = 404


class MediaMissing(Problem):
    """What should play here is not in the media folder."""

    status = 404


class UpstreamError(Problem):
    """The channel's own server does not answer as it should."""

    status = 502
