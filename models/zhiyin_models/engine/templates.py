"""Chat templates: the Jinja text in a model's file that says how a conversation is written for it."""

import re
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple, NoReturn

from zhiyin_models.engine.protocol import Message
from zhiyin_models.engine.template_meter import METER, Meter, TemplateLimitError
from zhiyin_models.engine.template_sandbox import BoundedEnvironment
from zhiyin_models.errors import Code, ModelError

MAX_SOURCE = 1 << 17  # characters; the longest templates in use have some 30,000
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


class _RefusalError(Exception):
    """The template called ``raise_exception``: these messages are not to its liking."""


class ChatTemplate:
    """Writes messages as one prompt.

    ``source`` None stands for ChatML (``fallback`` is then True). A template that does not compile raises ModelError TEMPLATE_FAILED.
    Rendering is bounded in work, size and time (``template_meter``). Safe to use from several threads.
    """

    def __init__(self, source: str | None, *, bos: str, eos: str) -> None:
        self.fallback = source is None
        self._size = len(source or CHATML)
        self._tokens = {"bos_token": bos, "eos_token": eos}
        if self._size > MAX_SOURCE:
            raise ModelError(Code.TEMPLATE_FAILED, detail=f"{self._size} characters long")
        environment = BoundedEnvironment()
        environment.globals |= {"raise_exception": _raise_exception, "strftime_now": _strftime_now}
        try:
            self._template = environment.compile_source(CHATML if source is None else source)
        except Exception as error:  # the parser and Python's compiler have many ways to give up
            raise _failed(error) from error

    def render(
        self,
        messages: Sequence[Message],
        *,
        add_generation_prompt: bool = True,
        open_reply: bool = False,
        arguments: Mapping[str, Any] = {},
    ) -> str:
        """The prompt for the messages.

        With ``open_reply`` the last message is an assistant's and the prompt ends with its text, for the model to go on from.
        System messages that follow each other are written as one. A template that refuses the system role, or leaves its text out, is
        given that text at the head of the next user message instead (as llama-server does). One that insists on a user's message first
        and on alternation gets neighbours of one role as one message, and before a reply that opens the conversation a message that says
        nothing.
        Raises ModelError TEMPLATE_FAILED, TEMPLATE_TOO_SLOW, TEMPLATE_TOO_LARGE, TEMPLATE_NO_CONTINUE.
        """
        if open_reply:
            return self._render_open(messages, arguments)
        return self._render(messages, arguments, add_generation_prompt=add_generation_prompt)

    def _render_open(self, messages: Sequence[Message], arguments: Mapping[str, Any]) -> str:
        if not messages or messages[-1].role != "assistant":
            raise ModelError(Code.TEMPLATE_NO_CONTINUE)
        *before, reply = messages
        # The reply grew after the generation prompt, so this is to the letter what the model saw when it was cut.
        if any(message.role == "user" for message in before):
            try:
                return self._render(before, arguments, add_generation_prompt=True) + reply.content
            except ModelError as error:
                if error.code != Code.TEMPLATE_FAILED:
                    raise
        # A conversation that the template will not end there, such as one that a greeting opens: cut it where the reply ends.
        # The mark keeps the reply's last characters from being stripped, and a short reply from being found elsewhere.
        mark = "\u2060end\u2060"
        while any(mark in message.content for message in messages):
            mark += "\u2060"
        marked = Message("assistant", reply.content + mark)
        try:
            text, found, _ = self._render([*before, marked], arguments, add_generation_prompt=False).rpartition(mark)
        except ModelError as error:
            if error.code != Code.TEMPLATE_FAILED:
                raise
            raise ModelError(Code.TEMPLATE_NO_CONTINUE) from error
        if not found or not text.endswith(reply.content.lstrip()):
            raise ModelError(Code.TEMPLATE_NO_CONTINUE)
        return text

    def _render(self, messages: Sequence[Message], arguments: Mapping[str, Any], *, add_generation_prompt: bool) -> str:
        messages = _joined(messages, {"system"})
        first = next((place for place, message in enumerate(messages) if message.role != "system"), len(messages))
        rest = _without_system(messages[first:])
        bare = _without_system(messages)
        ways = [messages, [*messages[:first], *rest], bare]
        needs = self._needs
        if needs.no_system:
            ways = ways[2:]
        else:
            ways.append([*messages[:first], *_alternating(rest)])
        ways.append(_alternating(bare))
        refusal: _RefusalError | None = None
        for number, way in enumerate(ways):
            if number and way == ways[number - 1]:
                continue
            try:
                return self._run(way, arguments, add_generation_prompt=add_generation_prompt, in_parts=needs.parts)
            except _RefusalError as error:
                refusal = refusal or error  # of what was really asked
        raise _failed(refusal or _RefusalError()) from refusal

    @cached_property
    def _needs(self) -> "_Needs":
        """What the template silently demands, found by trying it; what it raises is left for the real messages to meet."""
        system, user = Message("system", "zhiyinsystem"), Message("user", "zhiyinuser")
        for parts in (False, True):
            alone = self._tried([user], in_parts=parts)
            if alone is None:
                return _Needs()
            if user.content in alone:
                both = self._tried([system, user], in_parts=parts)
                return _Needs(parts=parts, no_system=both is not None and system.content not in both)
        raise ModelError(Code.TEMPLATE_FAILED, detail="it leaves out what the user says")

    def _tried(self, messages: Sequence[Message], *, in_parts: bool) -> str | None:
        try:
            return self._run(messages, {}, add_generation_prompt=True, in_parts=in_parts)
        except _RefusalError:
            return None
        except ModelError as error:
            if error.code != Code.TEMPLATE_FAILED:
                raise
            return None

    def _run(self, messages: Sequence[Message], arguments: Mapping[str, Any], *, add_generation_prompt: bool, in_parts: bool) -> str:
        conversation = [
            {"role": message.role, "content": [{"type": "text", "text": message.content}] if in_parts else message.content}
            for message in messages
        ]
        meter = Meter(self._size + sum(len(message.content) + 64 for message in messages))
        values = {"tools": None, "documents": None} | dict(arguments) | self._tokens
        values |= {"messages": conversation, "add_generation_prompt": add_generation_prompt}
        token = METER.set(meter)
        pieces: list[str] = []
        size = 0
        try:
            for piece in self._template.root_render_func(self._template.new_context(values)):
                size += len(piece)
                if size > meter.limit:
                    raise ModelError(Code.TEMPLATE_TOO_LARGE, limit=meter.limit)
                pieces.append(piece)
        except (ModelError, _RefusalError):
            raise
        except Exception as error:  # whatever a stranger's template runs into
            raise _failed(error) from error
        finally:
            METER.reset(token)
        return "".join(pieces)


class _Needs(NamedTuple):
    parts: bool = False  # content as a list of typed parts instead of text
    no_system: bool = False  # system messages are left out


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """The messages without the system role: its texts stand before the next user message, or after the last.

    What comes before a reply that opens the conversation becomes a user message, so that it stays at the beginning.
    """
    merged: list[Message] = []
    waiting: list[str] = []
    for message in messages:
        if message.role == "system":
            waiting.append(message.content)
        elif waiting and not merged and message.role == "assistant":
            merged += [Message("user", "\n\n".join(waiting)), message]
            waiting = []
        elif message.role == "user" and waiting:
            merged.append(Message("user", "\n\n".join([*waiting, message.content])))
            waiting = []
        else:
            merged.append(message)
    if waiting:
        last = max((place for place, message in enumerate(merged) if message.role == "user"), default=None)
        if last is None:
            merged.insert(0, Message("user", "\n\n".join(waiting)))
        else:
            merged[last] = Message("user", "\n\n".join([merged[last].content, *waiting]))
    return merged


def _joined(messages: Sequence[Message], roles: Container[str]) -> list[Message]:
    """The messages with neighbours of one of the roles as one."""
    joined: list[Message] = []
    for message in messages:
        if joined and message.role == joined[-1].role and message.role in roles:
            joined[-1] = Message(message.role, f"{joined[-1].content}\n\n{message.content}")
        else:
            joined.append(message)
    return joined


def _alternating(messages: Sequence[Message]) -> list[Message]:
    """The messages as those templates want them that insist on user and assistant in turn, the user first."""
    opening = [Message("user", "…")] if messages and messages[0].role == "assistant" else []
    return _joined([*opening, *messages], {"user", "assistant"})


def _failed(error: Exception) -> ModelError:
    detail = str(error) if isinstance(error, (_RefusalError, TemplateLimitError)) else f"{type(error).__name__}: {error}"
    return ModelError(Code.TEMPLATE_FAILED, detail=detail[:300])


def _raise_exception(message: object = "") -> NoReturn:
    raise _RefusalError(str(message)[:300])


def _strftime_now(form: str) -> str:
    # The C library takes widths in a format, and would make a line as long as it is told.
    if len(form) > 200 or re.search(r"%[-#]?[^-#a-zA-Z%]", form):
        raise TemplateLimitError("a date format is out of bounds")
    return datetime.now().astimezone().strftime(form)
