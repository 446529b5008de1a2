"""The texts by which a converted vocabulary is judged: many scripts, code, odd spaces, marks, and every added token."""

import string
from collections.abc import Iterator, Sequence

ALONE = 500  # added tokens that are also tried by themselves
TOGETHER = 24  # added tokens in one text
SAMPLE = 3000  # tokens of the vocabulary whose own texts are tried, of ordinary ones
NEIGHBOURS = 8  # of them in one text

TEXTS = (
    # Chinese, simplified and traditional
    "床前明月光，疑是地上霜。举头望明月，低头思故乡。",
    "人工智能正在改变世界；大语言模型（LLM）可以在自己的电脑上运行，不需要联网。",
    "臺灣的繁體字：龍、鳳、龜、鬱、驫。「你好嗎？」他問道。",
    "第3章 2024年12月31日，气温－5℃，价格￥1,234.50元……好的！！！",
    "我有１２个苹果和ＡＢＣ全角字母，〇〇七号。",
    # English
    "The quick brown fox jumps over the lazy dog. It's what they'd've said, isn't it? I'LL SEE, WE'RE DONE, YOU'VE WON; I'm 'D'.",
    "Mr. O'Neill's \"quoted\" text — with em–dashes, ellipses… and (parentheses) [brackets] {braces} <angles>.",
    "HelloWorld helloWORLD HELLOworld iPhone15Pro don'T CAMELCaseABCdef x1y2z3",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    # other scripts
    "吾輩は猫である。名前はまだ無い。カタカナ、ｶﾀｶﾅ、ひらがな。東京タワーへ行きましょう！",
    "안녕하세요, 만나서 반갑습니다. 오늘은 2024년 5월 3일입니다.",
    "مرحبا بالعالم! كيف حالك؟ ١٢٣٤ هذا نص عربي.",
    "नमस्ते दुनिया, आप कैसे हैं? मैं हिन्दी में लिख रहा हूँ। १२३",
    "สวัสดีชาวโลก วันนี้อากาศดีมาก ๑๒๓",
    "Привет, мир! Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "Γειά σου Κόσμε, τι κάνεις σήμερα; Ωμέγα",
    "שלום עולם, מה שלומך היום?",
    "Xin chào thế giới! Tiếng Việt có nhiều dấu: ă â đ ê ô ơ ư ạ ế ộ.",
    "বাংলা ভাষা, தமிழ் மொழி, తెలుగు, ಕನ್ನಡ, മലയാളം, ગુજરાતી, ਪੰਜਾਬੀ",
    "ქართული ენა, Հայերեն, አማርኛ, ភាសាខ្មែរ, ພາສາລາວ, မြန်မာ, བོད་སྐད།, ᠮᠣᠩᠭᠣᠯ",
    "ᚠᚢᚦᚨᚱᚲ 𐤀𐤁𐤂 𓀀𓂀 𒀀𒁀 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠮷𠜎𡃁 ꙮ",
    # accents, composed and decomposed
    "café naïve façade Ångström coöperate déjà vu El Niño Škoda Łódź Þór straße İstanbul",
    "cafe\u0301 nai\u0308ve fac\u0327ade A\u030angstro\u0308m n\u0303 e\u0301e\u0301 \u1112\u1161\u11ab\u1100\u1173\u11af",
    "ﬁnance ﬂow ① ② Ⅳ ㎏ ℃ ½ ² ™ ﷺ",
    # numbers
    "0 1 12 123 1234 12345 123456 1234567890 3.14159 1,000,000 1e-5 0xFF 1st 2nd 10% 007",
    "٣٤٥ ६७८ Ⅷ ½ ¾ ② ³",
    # emoji
    "😀😃😄 👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇨🇳🇺🇸 ❤️ ☃️ 1️⃣ 🤷🏻‍♀️ text🎉text",
    # code
    "def f(x):\n\treturn [i ** 2 for i in range(x) if i % 2 == 0]  # squares\n\n\nclass A(B):\n    pass\n",
    'int main(void) {\n\tprintf("%d\\n", 1 << 3);\n\t\treturn 0;\n}\n// end\n/* c */ a->b; x != y && !z || ~w;',
    "SELECT * FROM t WHERE a >= 10 AND b <> 'x';\n<div class=\"a\">&amp;</div>\n$ ls -la | grep foo > /dev/null 2>&1",
    '{"key": ["value", 1, null, true], "nested": {"a": "b\\n"}}',
    '#!/bin/bash\nfor i in $(seq 1 10); do echo "${i}"; done # ``` ~~~ @user #tag ^_^ a+b=c `code`',
    "https://example.com/path/to?query=1&b=%E4%BD%A0#frag user@example.org C:\\Windows\\System32 /usr/local/bin",
    "| a | b |\n|---|:-:|\n| 1 | **2** |\n\n- [ ] item\n1. one\n> quote\n\n---\n",
    # spaces, tabs and lines
    "two  spaces   three    four     five      six        eight                sixteen",
    "\ttab \t tab\t\ttabs\t\t\t\tend",
    "line\nline\n\nline\n\n\nline\r\nline\r\n\r\nline\rline \n line\n ",
    "trailing spaces   ",
    "   leading spaces",
    " one",
    "one ",
    "a \n b\n  c\n   d\t\n\te \r\n f",
    "no\u00a0break\u3000wide\u2003em\u200bzero\u2028line\u2029par\ufeffbom\u00adsoft",
    "x\u0085y\u000bz\u000cw\u001fv\u007fu\u0001t",
    # what a dot or a mark can do to a word
    "...,,,;;;:::!!!???---___***///\\\\\\(((]]]\n!?!?\n\n...\n",
    "“quotes” ‘single’ «guillemets» 《书名》【括号】、。！？",
    "€100 £50 ¥20 ₹10 ₿1 a×b÷c ±∞≠≤≥∑∏√∂∫ ←↑→↓ ■□▲▼ ♠♣♥♦",
    "▁ lower block ▁",
    "<0x41><0x0A> <0xE4> literal",
    "\u0e33\u0ec8 \u0f0b \u1680 \u180e",
    "\U0010fffd\U000f0000\ue000\ufffd",
)
# Each by itself.
SHORT = (
    *("", " ", "  ", "   ", "    ", "\n", "\n\n", "\n\n\n", "\t", "\t\t", "\r\n", "\r", " \n", "\n ", "\t\n", " \t ", "a", " a", "a ", "A"),
    *("1", " 1", "12", "'", "'s", " 's", ".", "。", "你", " 你", "你 ", "好的", "é", "e\u0301", "ß", "Ⅷ", "😀", "🏳️‍🌈", "\u3000", "\u00a0"),
    *("\u200d", "\ufeff", "ﬁ", "㎏", "한", "か\u3099", "\x01", "\x7f", "\u0378", "𝔘", "\n你", "你\n", "a\tb", "a\u3000b"),
)
WORDS = ("word", " space ", "\n", "中文", "1", ".", "\t", "x  y")


def texts(added: Sequence[str]) -> list[str]:
    """The fixed texts, every ASCII character, and the added tokens between words, beside each other and alone."""
    found = [*TEXTS, *SHORT, *string.printable]
    found += [f"a{mark}b {mark} {mark}{mark}" for mark in string.punctuation]
    found += [*added[:ALONE], *_between(added)]
    return list(dict.fromkeys(found))


def of_tokens(words: Sequence[str]) -> Iterator[str]:
    """The texts of tokens, a few beside each other."""
    for place in range(0, len(words), NEIGHBOURS):
        yield "".join(words[place : place + NEIGHBOURS])


def _between(added: Sequence[str]) -> Iterator[str]:
    for token in added[:ALONE]:
        yield f"before{token}after {token} end"
    for place in range(0, len(added), TOGETHER):
        group = added[place : place + TOGETHER]
        yield "".join(group)
        yield "".join(f"{WORDS[number % len(WORDS)]}{token}" for number, token in enumerate(group)) + "end"
