"""Cards and pictures made here, for tests and benches: nobody else's work."""

import random
import struct
import zlib

from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.png_text import END, SIGNATURE, chunk


def picture(width: int = 8, height: int = 12, seed: int = 0) -> bytes:
    """A PNG with colours that run into each other and some noise, so that it packs about as well as a drawing."""
    chance = random.Random(seed)
    red, green, blue = (chance.randrange(256) for _ in range(3))
    noise = chance.randbytes(width)
    rows = bytearray()
    for y in range(height):
        line = bytearray(3 * width)
        line[0::3] = bytes((red + x + (noise[(x + y) % width] & 7)) & 255 for x in range(width))
        line[1::3] = bytes((green + y + x // 2) & 255 for x in range(width))
        line[2::3] = bytes((blue + (noise[(x * 3 + y) % width] & 15)) & 255 for x in range(width))
        rows += b"\0" + line
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows), 6)) + END


def card(number: int = 0, *, words: int = 200) -> Card:
    """A V3 card with something in every field."""
    chance = random.Random(number)
    text = " ".join(chance.choice(("月", "落", "river", "frost", "{{char}}", "渔火", "bell")) for _ in range(words))
    entry = {"keys": ["月", "moon"], "content": text[:200], "extensions": {}, "enabled": True, "insertion_order": 1, "use_regex": False}
    return Card.blank(f"人物 {number}").changed(
        description=text,
        personality="calm",
        scenario=text[:100],
        first_mes="你好，{{user}}。",
        mes_example="<START>\n{{user}}: hi\n{{char}}: 嗯。",
        creator_notes="<b>bold</b> *notes*",
        alternate_greetings=["Hello.", "晚上好。"],
        tags=["poet", "唐"],
        creator="somebody",
        character_book={"name": "book", "extensions": {}, "entries": [entry] * 5},
        extensions={"depth_prompt": {"depth": 4, "prompt": "…"}, "talkativeness": "0.5"},
        nickname="小月",
        modification_date=1,
        creation_date=1,
    )
