"""Base64 as it is found in the wild: with line breaks, in its other alphabet, without its end, or not encoded at all."""

import base64
import binascii
import re

JUNK = re.compile(rb"[^A-Za-z0-9+/]")
SPACE = b" \t\r\n\0"


def decode_base64(text: bytes) -> tuple[bytes, bool]:
    """The bytes, and whether the text had to be put right. Empty where there is nothing to decode."""
    bare = text.translate(None, SPACE)
    try:
        return base64.b64decode(bare, validate=True), False
    except (binascii.Error, ValueError):
        pass
    if text.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] == b"{":  # some write the JSON itself
        return text, True
    bare = JUNK.sub(b"", bare.translate(bytes.maketrans(b"-_", b"+/")))
    bare = bare[: len(bare) - 1] if len(bare) % 4 == 1 else bare
    return base64.b64decode(bare + b"=" * (-len(bare) % 4)), True
