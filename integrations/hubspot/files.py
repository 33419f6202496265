"""Files that came with messages: an address that ends is asked for, then read without our token.

https://developers.hubspot.com/docs/api-reference/files-files-v3/guide
"""

from inbox.channels.contract import ChannelConfig
from inbox.channels.wire import lies_at, names_in
from integrations.hubspot import client, wire
from integrations.hubspot.messages import FILE_SCHEME
from integrations.hubspot.wire import HubSpotError

HOSTS = (
    "hubspot.com, hubspot.net, hubapi.com, hubspotusercontent-na1.net, hubspotusercontent-eu1.net"
)


def fetch(url: str, config: ChannelConfig) -> bytes:
    """A file's bytes, at most 50 MB. Raises `HubSpotError`."""
    if url.startswith(FILE_SCHEME):
        key = url.removeprefix(FILE_SCHEME)
        found = client.call(config, "GET", f"/files/v3/files/{key}/signed-url")
        url = str(found.get("url") or "")
    if not lies_at(url, wire.base(config), names_in(config.get("file_hosts", HOSTS))):
        raise HubSpotError("the file lies on a host that is not HubSpot’s", permanent=True)
    return wire.LINE.download(url, gone="the file is not available any more")
