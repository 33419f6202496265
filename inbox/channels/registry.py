"""Which kinds there are. Integrations register themselves when their app is ready."""

from collections.abc import Mapping

from inbox.channels.contract import ChannelKind

_kinds: dict[str, ChannelKind] = {}


class UnknownKind(LookupError):
    """No integration of this name is installed."""


def register(kind: ChannelKind) -> None:
    """Make a kind known. A second registration of one name is a mistake in the installation."""
    if kind.kind in _kinds and _kinds[kind.kind] is not kind:
        raise ValueError(f"channel kind {kind.kind!r} is registered twice")
    _kinds[kind.kind] = kind


def get(kind: str) -> ChannelKind:
    """The kind of this name. Raises `UnknownKind`."""
    try:
        return _kinds[kind]
    except KeyError:
        raise UnknownKind(f"no channel kind {kind!r}; there are: {', '.join(_kinds)}") from None


def all_kinds() -> Mapping[str, ChannelKind]:
    """Every kind by its name."""
    return dict(_kinds)
