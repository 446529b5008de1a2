import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tests.models import gguf_files

from zhiyin_models.engine.protocol import Message
from zhiyin_models.engine.templates import ChatTemplate
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.gguf import read_metadata

CHATML = r"""{%- for message in messages %}
{{- '<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>' + '\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\n' }}
{%- endif %}"""

LLAMA3 = r"""{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content'] | trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\n\n" }}
{{- "Today: " + date_string + "\n\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}
    {%- elif tools is not none %}
        {{- message | tojson(indent=4) }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif %}"""

MISTRAL = r"""{{ bos_token }}{% for message in messages %}
{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
{{ raise_exception('Roles must alternate user/assistant/user/assistant') }}
{% endif %}
{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}
{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] + eos_token }}
{% else %}{{ raise_exception('Only user and assistant roles are supported') }}{% endif %}
{% endfor %}""".replace("\n", "")

GEMMA = r"""{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{% for message in messages %}
{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}
{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}
{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}
{% endfor %}
{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}""".replace("\n", "")

QWEN3 = r"""{%- if messages[0].role == 'system' %}{{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if '</think>' in content %}
            {%- set reasoning_content = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or reasoning_content) %}
            {{- '<|im_start|>assistant\n<think>\n' + reasoning_content.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}
        {%- else %}
            {{- '<|im_start|>assistant\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\n\n</think>\n\n' }}{%- endif %}
{%- endif %}"""

DEEPSEEK = r"""{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}
{% set ns = namespace(is_first=false, is_tool=false, system_prompt='', is_first_sp=true) %}
{%- for message in messages %}{%- if message['role'] == 'system' %}
{%- if ns.is_first_sp %}{% set ns.system_prompt = ns.system_prompt + message['content'] %}{% set ns.is_first_sp = false %}
{%- else %}{% set ns.system_prompt = ns.system_prompt + '\n\n' + message['content'] %}{%- endif %}{%- endif %}{%- endfor %}
{{- bos_token }}{{ ns.system_prompt }}
{%- for message in messages %}
{%- if message['role'] == 'user' %}{%- set ns.is_tool = false -%}{{ '<｜User｜>' + message['content'] }}{%- endif %}
{%- if message['role'] == 'assistant' and message['content'] is not none %}
{%- set content = message['content'] %}{%- if '</think>' in content %}{%- set content = content.split('</think>')[-1] %}{%- endif %}
{{- '<｜Assistant｜>' + content + '<｜end▁of▁sentence｜>' }}{%- endif %}
{%- endfor -%}
{%- if add_generation_prompt and not ns.is_tool %}{{- '<｜Assistant｜><think>\n' }}{%- endif %}""".replace("\n", "")

TYPED = r"""{% for message in messages %}{{ message.role }}:{% for part in message.content %}
{% if part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}
;{% endfor %}""".replace("\n", "")


def system(text: str) -> Message:
    return Message("system", text)


def user(text: str) -> Message:
    return Message("user", text)


def assistant(text: str) -> Message:
    return Message("assistant", text)


def template(source: str | None) -> ChatTemplate:
    return ChatTemplate(source, bos="<s>", eos="</s>")


def refusal(source: str, messages: Sequence[Message] = (user("hello"),)) -> ModelError:
    with pytest.raises(ModelError) as caught:
        template(source).render(messages)
    return caught.value


TALK = (system("Be brief."), user("Hi"), assistant(" Hello! "), user("Bye"))

# ---------------------------------------------------------------- real shapes


def test_the_starter_writes_its_own_system_prompt_only_when_none_is_given() -> None:
    starter = template(read_metadata(gguf_files.starter_path()).chat_template)
    assert not starter.fallback
    assert starter.render([user("Hi")]) == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )
    assert starter.render([system("S"), user("Hi")]).startswith("<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n")


def test_without_a_template_chatml_is_used_and_said() -> None:
    plain = template(None)
    assert plain.fallback
    assert plain.render(TALK) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n Hello! <|im_end|>\n"
        "<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n"
    )
    assert plain.render([user("Hi")], add_generation_prompt=False) == "<|im_start|>user\nHi<|im_end|>\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (CHATML, "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n"),
        (MISTRAL, "<s>[INST] Be brief.\n\nHi [/INST]  Hello! </s>[INST] Bye [/INST]"),
        (GEMMA, "<s><start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\nHello!<end_of_turn>\n<start_of_turn>user\n"),
        (QWEN3, "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n Hello! <|im_end|>\n"),
        (DEEPSEEK, "<s>Be brief.<｜User｜>Hi<｜Assistant｜> Hello! <｜end▁of▁sentence｜><｜User｜>Bye<｜Assistant｜><think>\n"),
    ],
)
def test_shapes_of_well_known_templates(source: str, expected: str) -> None:
    assert template(source).render(TALK).startswith(expected)


def test_llama_three_writes_the_date() -> None:
    text = template(LLAMA3).render(TALK)
    assert text.startswith("<s><|start_header_id|>system<|end_header_id|>\n\nToday: ")
    assert text.endswith("Bye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")
    assert "Today: now\n" in template(LLAMA3).render(TALK, arguments={"date_string": "now"})


def test_thinking_is_switched_by_an_argument() -> None:
    qwen = template(QWEN3)
    assert qwen.render([user("Hi")]).endswith("<|im_start|>assistant\n")
    assert qwen.render([user("Hi")], arguments={"enable_thinking": False}).endswith("<think>\n\n</think>\n\n")
    text = qwen.render([user("Hi"), assistant("<think>\nhm\n</think>\n\nHello"), user("Bye")])
    assert "hm" not in text
    assert "<|im_start|>assistant\nHello<|im_end|>" in text


def test_arguments_cannot_replace_the_conversation() -> None:
    arguments = {"messages": [], "bos_token": "x", "add_generation_prompt": False}
    assert template(GEMMA).render([user("Hi")], arguments=arguments) == template(GEMMA).render([user("Hi")])


def test_templates_that_want_typed_parts_get_them() -> None:
    assert template(TYPED).render([system("S"), user("Hi")]) == "system:S;user:Hi;"


def test_tojson_is_transformers_own() -> None:
    assert template("{{ messages | tojson }}").render([user("<知'&")]) == '[{"role": "user", "content": "<知\'&"}]'
    assert template("{{ messages[0] | tojson(indent=2) }}").render([user("a")]) == '{\n  "role": "user",\n  "content": "a"\n}'
    source = "{{ messages[0] | tojson(ensure_ascii=true, separators=(',', ':'), sort_keys=true) }}"
    assert template(source).render([user("知")]) == '{"content":"\\u77e5","role":"user"}'


def test_loop_controls_generation_blocks_and_joined_generators_work() -> None:
    source = (
        "{% for m in messages %}{% if m.role == 'assistant' %}{% continue %}{% endif %}{% generation %}{{ m.content }}{% endgeneration %}"
        "{% if loop.index == 3 %}{% break %}{% endif %}{% endfor %}|{{ ','.join(messages | map(attribute='role')) }}"
        "|{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | join('+') }}|{{ (1, 2) | sum }}"
        "|{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}{{ twice('ab') | upper }}|{{ '%s-%05.1f' % ('a', 2) }}|{{ '{:>3}'.format(7) }}"
    )
    assert (
        template(source).render([user("a"), assistant("b"), user("c"), user("d")]) == "ac|user,assistant,user,user|a+c+d|3|ABAB|a-002.0|  7"
    )


def test_blocks_are_trimmed_as_transformers_trims_them() -> None:
    source = "{% for m in messages %}\n    {% if true %}\n{{ m.content }}\n    {% endif %}\n{% endfor %}\n"
    assert template(source).render([user("a"), user("b")]) == "a\nb\n"


# ---------------------------------------------------------------- system prompts that a template refuses or loses


def test_a_system_prompt_that_is_silently_lost_goes_to_the_user() -> None:
    source = "{% for m in messages %}{% if m.role != 'system' %}[{{ m.content }}]{% endif %}{% endfor %}"
    assert template(source).render(TALK) == "[Be brief.\n\nHi][ Hello! ][Bye]"


def test_only_a_late_system_message_is_moved_when_only_that_is_refused() -> None:
    source = (
        "{% for m in messages %}{% if m.role == 'system' and not loop.first %}{{ raise_exception('System first') }}{% endif %}"
        "[{{ m.role[0] }}:{{ m.content }}]{% endfor %}"
    )
    messages = [system("A"), user("B"), system("C"), user("D"), assistant("E"), system("F")]
    assert template(source).render(messages) == "[s:A][u:B][u:C\n\nD\n\nF][a:E]"


def test_templates_that_insist_on_alternation_get_neighbours_as_one() -> None:
    for source in (MISTRAL, GEMMA):
        ours = template(source)
        assert ours.render([system("S"), system("T"), user("a"), user("b")]) == ours.render([user("S\n\nT\n\na\n\nb")])
        assert ours.render([user("a"), assistant("b"), assistant("c"), user("d")]) == ours.render(
            [user("a"), assistant("b\n\nc"), user("d")]
        )
    plain = template(CHATML)
    assert plain.render([user("a"), user("b")]).count("<|im_start|>user") == 2
    assert plain.render([system("S"), system("T"), user("a")]) == plain.render([system("S\n\nT"), user("a")])


def test_a_greeting_may_open_a_conversation_with_any_template() -> None:
    for source in (MISTRAL, GEMMA):
        ours = template(source)
        assert ours.render([system("S"), assistant("Hello"), user("a")]) == ours.render([user("S"), assistant("Hello"), user("a")])
        assert ours.render([assistant("Hello"), user("a")]) == ours.render([user("…"), assistant("Hello"), user("a")])
    assert template(CHATML).render([assistant("Hello"), user("a")]).startswith("<|im_start|>assistant\nHello")


def test_the_fallback_hides_no_other_refusal() -> None:
    picky = MISTRAL.replace("{{ bos_token }}", "{{ raise_exception('No S') if 'S' in messages[0]['content'] }}")
    assert "Only user" in str(refusal(MISTRAL.replace("!= (", "== ("), [system("S"), user("a")]))
    assert "No S" in str(refusal(picky, [system("S"), user("a"), user("b")]))
    assert "UndefinedError" in str(refusal("{{ messages[0].content + nothing.at.all }}", [system("S"), user("a")]))


def test_a_conversation_without_a_user_still_carries_the_system_prompt() -> None:
    assert template(GEMMA).render([system("S")]) == "<s><start_of_turn>user\nS<end_of_turn>\n<start_of_turn>model\n"


# ---------------------------------------------------------------- replies that are to be continued


@pytest.mark.parametrize("source", [None, CHATML, LLAMA3, MISTRAL, GEMMA, QWEN3, DEEPSEEK])
@pytest.mark.parametrize("reply", ["Hello, wor", "", "e", "  spaced \n", "<|im_end|>", "<think>\nhalf a thou", "<think>a</think>\n\nb"])
def test_an_open_reply_is_what_the_model_saw_when_it_was_cut(source: str | None, reply: str) -> None:
    before = [system("S"), user("Hi"), assistant("Hello"), user("More")]
    ours = template(source)
    assert ours.render([*before, assistant(reply)], open_reply=True) == ours.render(before) + reply


@pytest.mark.parametrize("source", [None, CHATML, LLAMA3, QWEN3, MISTRAL])
@pytest.mark.parametrize("reply", ["Well", "e", "t ", "\u2060end\u2060"])
def test_a_greeting_that_opens_the_conversation_is_continued(source: str | None, reply: str) -> None:
    text = template(source).render([system("S"), assistant(reply)], open_reply=True)
    assert text.endswith(("\n" + reply, "] " + reply))
    assert text.count(reply) >= 1
    assert "S" in text


def test_what_cannot_be_continued_is_said() -> None:
    no_replies = "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}"
    shouting = "{% for m in messages %}{{ m.content | upper if m.role == 'assistant' else m.content }}{% endfor %}"
    for source in (no_replies, shouting):
        with pytest.raises(ModelError) as caught:
            template(source).render([assistant("Hello")], open_reply=True)
        assert caught.value.code == Code.TEMPLATE_NO_CONTINUE
    for messages in ([], [user("Hi")]):
        with pytest.raises(ModelError) as caught:
            template(CHATML).render(messages, open_reply=True)
        assert caught.value.code == Code.TEMPLATE_NO_CONTINUE


# ---------------------------------------------------------------- templates that fail


@pytest.mark.parametrize(
    "source",
    [
        "{% if",
        "{{ nosuchfilter | nosuchfilter }}",
        "{{ 1 / 0 }}",
        "{{ raise_exception('never') }}",
        "{{ messages[99].content }}",
        "{{ messages | length(1, 2, 3) }}",
        "{% include 'a' %}",
        "{% import 'a' as b %}",
        "{% extends 'a' %}",
        "{% block a %}{{ self.a() }}{% endblock %}",
        "{% autoescape true %}{% endautoescape %}",
        "chatml",
        "",
        "(" * 140_000,
        "{{ " + "(" * 10_000,
        "{{ " + "-" * 5_000 + "1 }}",
        "{{ 1" + "+1" * 5_000 + " }}",
        "{{ a" + ".b" * 5_000 + " }}",
        "{{ a" + "|e" * 5_000 + " }}",
        "{{ a" + "~a" * 50_000 + " }}",
        "{% if 1 %}" * 2_000 + "{% endif %}" * 2_000,
        "{% for a in [] %}" * 30 + "{% endfor %}" * 30,
        "{% if 0 %}" + "{% elif 0 %}" * 3_900 + "{% endif %}",
        "{{ " + "9" * 10_000 + " }}",
        "\0{{ \0 }}",
    ],
    ids=lambda source: source[:20],
)
def test_a_template_that_cannot_work_fails_in_words(source: str) -> None:
    with pytest.raises(ModelError) as caught:
        template(source).render([user("hello")])
    assert caught.value.code == Code.TEMPLATE_FAILED
    assert 0 < len(str(caught.value.failure.args["detail"])) <= 300


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__",
        "messages.__len__",
        "messages.append(1)",
        "messages[0].update({})",
        "raise_exception.__globals__['os']",
        "strftime_now.__code__.co_name",
        "()|attr('__class__')|attr('__base__')",
        "'{0.__class__}'.format(1)",
        "'{a.__class__}'.format_map({'a': 1})",
        "[1]|map(attribute='__class__')|list",
        "namespace.__init__.__globals__",
        "cycler.__init__.__globals__",
        "self._TemplateReference__context",
        "(1).to_bytes(9, 'big')",
        "'a'.encode()",
        "lipsum()",
    ],
)
def test_nothing_behind_the_template_can_be_reached(expression: str) -> None:
    source = "{% for m in messages %}{{ m.content }}{% endfor %}[{{ " + expression + " }}]"
    try:
        text = template(source).render([user("hello")])
    except ModelError as error:
        assert error.code == Code.TEMPLATE_FAILED
    else:
        assert text in {"hello[]", "hello[[Undefined]]"}  # an attribute that cannot be had prints as nothing


def repeated(start: str, step: str, times: int = 100, end: str = "") -> str:
    """A template that sets x over and over."""
    loop = "{% for i in range(" + str(times) + ") %}{% set ns.x = " + step + " %}{% endfor %}"
    return "{% set ns = namespace(x=" + start + ") %}" + loop + end


GROWING = {
    "repeated text": "{{ 'a' * 300000000 }}",
    "repeated list": "{{ [1] * 300000000 }}",
    "wide percent": "{{ '%999999999d' % 1 }}",
    "wide percent from outside": "{{ '%*d' % (999999999, 1) }}",
    "precise percent": "{{ '%.999999999f' % 1 }}",
    "wide filter": "{{ '%999999999d' | format(1) }}",
    "percent search": "{% set s = '%(' * 500000 %}{{ s % {} }}",
    "wide field": "{{ '{:>999999999}'.format('a') }}",
    "wide nested field": "{{ '{:{w}}'.format(1, w=999999999) }}",
    "wide mapped field": "{{ '{a:999999999}'.format_map({'a': 1}) }}",
    "many fields": "{{ ('{0}' * 10000).format('a' * 100000) }}",
    "joined range": "{{ ('x' * 1000).join(range(100000) | map('string')) }}",
    "join filter": "{{ range(1000000) | join('x' * 1000) }}",
    "center": "{{ 'a'.center(1000000000) }}",
    "center filter": "{{ 'a' | center(1000000000) }}",
    "ljust": "{{ 'a'.ljust(1000000000) }}",
    "zfill": "{{ 'a'.zfill(1000000000) }}",
    "tabs": "{{ ('\\t' * 1000).expandtabs(9999999) }}",
    "indent": "{{ 'a' | indent(1000000000, true) }}",
    "indented lines": "{{ ('\\n' * 100000) | indent(9999, true, true) }}",
    "replace": "{{ ('a' * 100000) | replace('a', 'b' * 100000) }}",
    "replace method": "{{ ('a' * 100000).replace('', 'b' * 100000) }}",
    "translate": "{{ 'aaa'.translate({97: 'x' * 1000000}) }}",
    "huge exponent": "{{ 10 ** 100000000 }}",
    "nested exponent": "{{ (9 ** 9) ** (9 ** 9) }}",
    "huge rounding": "{{ 1.5 | round(1000000000, 'ceil') }}",
    "huge product": repeated("7", "ns.x * ns.x", end="{{ ns.x }}"),
    "huge to text": "{{ ('f' * 9000) | int(0, 16) }}",
    "text doubling": repeated("'a'", "ns.x + ns.x"),
    "tilde doubling": repeated("'a'", "ns.x ~ ns.x"),
    "replace doubling": repeated("'a'", "ns.x | replace('a', 'aa')"),
    "list doubling": repeated("[1]", "ns.x + ns.x"),
    "list of itself twice": repeated("[1]", "[ns.x, ns.x]"),
    "dict of itself twice": repeated("1", "{1: ns.x, 2: ns.x}"),
    "namespace of itself twice": repeated("1", "namespace(a=ns.x, b=ns.x)"),
    "compared twins": "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}"
    "{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
    "namespace growth": repeated("[]", "ns.x + ['a' * 10000]", 1_000_000),
    "namespace in itself": "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}",
    "deep tuples hashed": repeated("1", "(ns.x,)", 900_000, "{{ {ns.x: 1} }}"),
    "deep lists": repeated("1", "[ns.x]", 900_000, "{{ ns.x }}"),
    "filters over filters": repeated("messages", "ns.x | map('list')", 900_000, "{{ ns.x | list }}"),
    "methods of methods": repeated("1", "[ns.x].count", 900_000),
    "output": "{% for i in range(1000000) %}" + "x" * 10_000 + "{% endfor %}",
    "captured output": "{% set x %}{% for i in range(1000000) %}" + "x" * 10_000 + "{% endfor %}{% endset %}",
    "macro output": "{% macro m() %}{% for i in range(1000000) %}" + "x" * 10_000 + "{% endfor %}{% endmacro %}{% set x = m() %}",
    "filtered output": "{% filter upper %}{% for i in range(1000000) %}" + "x" * 10_000 + "{% endfor %}{% endfilter %}",
    "batch": "{{ [1] | batch(1000000000, 1) | list }}",
    "long range": "{{ range(10 ** 12) | list }}",
    "characters": "{{ ('a' * 1000000) | list | length }}",
    "date": "{{ strftime_now('%999999999d') }}",
    "wide json": "{{ messages | tojson(indent=99999999) }}",
    "separated json": "{{ range(50000) | list | tojson(separators=('a' * 1000, 'b')) }}",
    "copies by slicing": "{% set s = 'a' * 1000000 %}{% set ns = namespace(l=[]) %}{% for i in range(1000000) %}"
    "{% set ns.l = ns.l + [s[i:]] %}{% endfor %}",
    "searching from the right": "{% set s = messages[0].content * 40000 %}{{ s.rfind('b' + messages[0].content * 20000) }}",
    "stripping": "{% set s = 'a' * 900000 %}{{ s.strip('b' * 100000 + 'a') | length }}",
    "macro recursion": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "loop recursion": "{% for a in range(1000) recursive %}{{ loop(range(1000)) }}{% endfor %}",
    "equal long texts": "{% set a = 'a' * 900000 %}{% set b = 'a' * 900000 %}"
    "{% for i in range(1000000) %}{% if a == b %}{% endif %}{% endfor %}",
}


@pytest.mark.parametrize("name", GROWING)
def test_growth_is_refused_before_it_happens(name: str) -> None:
    before = peak_memory()
    error = refusal(GROWING[name])
    assert error.code in {Code.TEMPLATE_FAILED, Code.TEMPLATE_TOO_LARGE}, error
    assert "leaves out" not in str(error)
    assert peak_memory() - before < 150 << 20


def peak_memory() -> int:
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no peak in /proc/self/status")


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in range(1000000) %}{% for j in range(1000000) %}{% endfor %}{% endfor %}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        "{% set ns = namespace(x=1) %}{% for i in range(1000000) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{{ [1] | slice(1000000000) | list | length }}",
    ],
)
def test_a_template_that_goes_on_for_ever_is_stopped(source: str) -> None:
    assert refusal(source).code == Code.TEMPLATE_TOO_SLOW


def test_output_is_bounded_by_the_conversation_not_by_a_number_alone() -> None:
    text = "x" * 400_000
    assert len(template("{{ messages[0].content * 10 }}").render([user(text)])) == 10 * len(text)
    error = refusal("{{ messages[0].content * 40 }}", [user(text)])
    assert error.code == Code.TEMPLATE_TOO_LARGE
    assert int(error.failure.args["limit"]) > 16 * len(text)


def test_a_long_conversation_renders_within_its_bounds() -> None:
    messages = [system("S"), *([user("question " * 50), assistant("answer " * 200)] * 1500), user("last")]
    for source in (CHATML, LLAMA3, MISTRAL, GEMMA, QWEN3, DEEPSEEK):
        assert len(template(source).render(messages)) > 2_700_000


def test_the_sandbox_survives_what_would_break_the_process() -> None:
    # Deep structures are hashed, compared and freed in C, where too deep is a dead process: so they are tried in one of their own.
    source = (
        "import sys\nfrom zhiyin_models.engine.protocol import Message\nfrom zhiyin_models.engine.templates import ChatTemplate\n"
        "from zhiyin_models.errors import ModelError\n"
        "step = '{% set ns = namespace(x=1) %}{% for i in range(900000) %}{% set ns.x = STEP %}{% endfor %}{{ ns.x }}'\n"
        "for one in sys.argv[1:]:\n"
        "    try:\n        ChatTemplate(step.replace('STEP', one), bos='', eos='').render([Message('user', 'hello')])\n"
        "    except ModelError:\n        print('refused')\n"
    )
    steps = [
        "[ns.x].foo",
        "cycler(ns.x)",
        "joiner(ns.x)",
        "namespace(a=ns.x)",
        "{'a': ns.x}.items()",
        "ns.x|batch(1)",
        "[ns.x]|map('list')",
    ]
    environment = {**os.environ, "PYTHONPATH": "models"}
    ran = subprocess.run([sys.executable, "-c", source, *steps], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["refused"] * len(steps)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *("{{", "}}", "{%", "%}", " for ", " in ", " if ", " endfor ", " endif ", " set ", "x", "messages", ".content", "[0]"),
                *("|", "list", "+", "*", "(", ")", "'", "a", "\n", "9", "=", "{#", "#}", "-", " macro ", " endmacro ", "range", ","),
                *("~", "\u0000", "知"),
            ]
        ),
        max_size=30,
    )
)
def test_pieces_of_templates_end_in_text_or_a_known_error(pieces: list[str]) -> None:
    try:
        text = template("{{ messages[0].content }}" + "".join(pieces)).render([user("zhiyin")])
    except ModelError as error:
        assert error.code in {Code.TEMPLATE_FAILED, Code.TEMPLATE_TOO_LARGE, Code.TEMPLATE_TOO_SLOW}
    else:
        assert text.startswith("zhiyin")


def transformers_rendering(source: str, messages: Sequence[Message]) -> str:
    """What Transformers' own environment (``chat_template_utils._compile_jinja_template``) makes of a template, with no bounds."""
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    environment.filters["tojson"] = lambda value, indent=None: json.dumps(value, ensure_ascii=False, indent=indent)
    conversation = [{"role": message.role, "content": message.content} for message in messages]
    values = {"messages": conversation, "add_generation_prompt": True, "tools": None, "documents": None}
    return environment.from_string(source).render(**values, bos_token="<s>", eos_token="</s>", date_string="today")


FEATURES = [
    *(CHATML, LLAMA3, QWEN3, DEEPSEEK),
    "{% for a, b in messages[0].items() %}{{ loop.index }}/{{ loop.length }}{{ loop.last }}{{ a ~ 1 ~ b }}{% else %}none{% endfor %}",
    "{% for m in messages if m.role == 'user' %}{{ loop.previtem.content if not loop.first }}-{{ loop.nextitem is defined }}{% endfor %}",
    "{{ messages[1:-1] | map(attribute='role') | unique | list }}{{ messages[::-1][0].content[:2] }}{{ messages | length }}",
    "{% set a, b = (1, [2, {'c': none}]) %}{{ a + b[0] }}{{ b[1].c is none }}{{ b | tojson }}{{ 7 // 2 }}{{ 7 % 3 }}{{ 2 ** 5 }}{{ -a }}",
    "{% macro m(x, y=2) %}{{ x }}{{ y }}{{ varargs }}{{ kwargs }}{{ caller() }}{% endmacro %}{% call m(1, 3, 4, z=5) %}in{% endcall %}",
    "{% set x %}{% filter upper %}{{ messages[0].content }}{% endfilter %} text {% endset %}[{{ x | trim }}]{{ x.split() | join('|') }}",
    "{{ undefined_thing }}{{ undefined_thing | default('d') }}{{ undefined_thing is defined }}{{ none }}{{ true }}{{ 1.5 }}{{ [1, 'a'] }}",
    "{{ 'a' in 'abc' and 1 < 2 <= 2 != 3 or not 4 }}{{ 'x' if messages[0].role == 'system' else 'y' }}{{ 'role' in messages[0] }}",
    "{{ messages | selectattr('role', 'in', ['user']) | map(attribute='content') | list }}",
    "{{ range(3) | batch(2) | list }}{{ 'a b' | title }}",
    "{{ messages | groupby('role') | map('first') | list }}{{ [3, 1] | sort }}{{ [1, 2] | sum }}",
    "{{ 'a,b'.split(',') | last }}{{ 3.7 | round }}",
    "{{ 'line\nline' | indent(2) }}{{ 'abc' | replace('b', 'x') }}{{ 'x'.join(['a', 'b']) }}",
    "{{ '{}:{a:>4}'.format(1, a=2) }}{{ '%d%%' % 5 }}",
    "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + m.content | length %}{% endfor %}{{ ns.n }}{# gone #}",
    "{% raw %}{{ raw }}{% endraw %}{{ dict(a=1) }}{{ cycler('a', 'b').next() }}",
    "{{ messages[0] | items | list }}{{ '<&>' | safe }}{{ '<' | e }}",
]


@pytest.mark.parametrize("source", FEATURES, ids=lambda source: source[:30])
def test_counting_changes_nothing_in_what_is_written(source: str) -> None:
    messages = [system("Be  brief "), user("知音 <b>"), assistant("ok\n"), user("bye")]
    ours = ChatTemplate("{{ messages[1].content }}" + source, bos="<s>", eos="</s>")
    text = ours.render(messages, arguments={"date_string": "today"})
    assert text == transformers_rendering("{{ messages[1].content }}" + source, messages)
