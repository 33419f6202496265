"""What a file is by its first bytes, where that can be told."""

MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"BM", "image/bmp"),
    (b'x\x9f>"', "application/ms-tnef"),
)
ZIP_FAMILY = (
    "application/vnd.openxmlformats",
    "application/vnd.oasis",
    "application/epub",
    "application/java-archive",
)


def true_type(content: bytes, declared: str) -> str:
    """The type by content; the declared one where the bytes say nothing or only its container."""
    head = content[:512]
    for magic, kind in MAGIC:
        if head.startswith(magic) and (len(magic) > 2 or kind.startswith("application/")):
            if kind == "application/zip" and declared.startswith(ZIP_FAMILY):
                return declared
            if kind == "application/x-ole-storage" and declared.startswith("application/"):
                return declared
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    low = head.lstrip().lower()
    if low.startswith((b"<!doctype html", b"<html", b"<script")):
        return "text/html"
    if low.startswith((b"<svg", b"<?xml")) and b"<svg" in low:
        return "image/svg+xml"
    lies = declared.startswith("image/") and declared not in (
        "image/svg+xml",
        "image/tiff",
        "image/heic",
        "image/x-icon",
    )
    return (
        "application/octet-stream" if lies and content else declared or "application/octet-stream"
    )
