"""What the app itself says to the model, beside the words of cards and of the user, in the language of the window."""

from collections.abc import Iterable

from msgspec import Struct


class Sentences(Struct, frozen=True):
    """Templates for ``str.format`` with the names that stand in them."""

    user: str  # who the user is without a profile
    assistant: str  # who answers without a persona
    alone: str
    one_of: str
    all_of: str
    joiner: str  # between names
    last_joiner: str  # before the last of them
    label: str  # before a text of one persona's among those of others
    turn: str  # before a reply in a group with joined cards
    once_more: str  # in place of a message of the user's
    personality: str
    scenario: str
    profile: str
    examples: str
    begins: str  # after the examples
    summary: str


_EN = Sentences(
    user="User",
    assistant="Assistant",
    alone="Write {char}'s next reply in a conversation with {user}. Stay {char} throughout, and never speak or act for {user}.",
    one_of=(
        "This is a conversation of {everyone}. You are {char}: write only what {char} says or does next, and never speak for anyone else."
    ),
    all_of=(
        "This is a conversation of {everyone}. You play {names}. Each time you are told whose turn it is: write only what that "
        "one says or does, and never speak or act for {user}."
    ),
    joiner=", ",
    last_joiner=" and ",
    label="[{char}]\n{text}",
    turn="It is {char}'s turn. Write only {char}'s next reply.",
    once_more="(Go on.)",
    personality="{char}'s personality: {text}",
    scenario="Scenario: {text}",
    profile="About {user}: {text}",
    examples="How {char} talks, as an example:",
    begins="The examples end here. The conversation begins.",
    summary="What has happened so far:\n{text}",
)
_ZH = Sentences(
    user="用户",
    assistant="助手",
    alone="你就是{char}，正在与{user}对话。请写出{char}接下来的回答，始终保持{char}的身份，不要替{user}说话或行动。",
    one_of="这是{names}与{user}之间的对话。你是{char}：只写{char}接下来的言行，不要替别人说话。",
    all_of="这是{names}与{user}之间的对话。{names}都由你来扮演。每次会告诉你轮到谁：只写这一个人的言行，不要替{user}说话或行动。",
    joiner="、",
    last_joiner="、",
    label="【{char}】\n{text}",
    turn="现在轮到{char}。只写{char}接下来的回答。",
    once_more="（请继续。）",
    personality="{char}的性格：{text}",
    scenario="情景：{text}",
    profile="关于{user}：{text}",
    examples="{char}说话的方式，举例如下：",
    begins="以上是例子。对话现在开始。",
    summary="到目前为止发生的事：\n{text}",
)


def listed(names: Iterable[str], words: Sentences) -> str:
    """Names one after another, as they stand in a sentence; each once."""
    told = list(dict.fromkeys(filter(None, names)))
    return words.last_joiner.join(filter(None, (words.joiner.join(told[:-1]), *told[-1:])))


def sentences(language: str) -> Sentences:
    """In Chinese for "zh" and its kin, otherwise in English."""
    return _ZH if language.startswith("zh") else _EN
