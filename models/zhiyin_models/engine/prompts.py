"""What is decoded for a request: the rendered messages, with whole groups left out if it must be, or a plain text as it is."""

from collections.abc import Callable, Sequence

from zhiyin_models.engine.budget import Prompt, fit
from zhiyin_models.engine.loader import LoadedModel
from zhiyin_models.engine.protocol import Complete, FitReport, Generate, Message, PromptText, Render
from zhiyin_models.engine.session import Plan, Session, measure
from zhiyin_models.engine.vocabulary import to_bytes
from zhiyin_models.errors import Code, ModelError


def fit_messages(model: LoadedModel, request: Generate | Render, session: Session, check: Callable[[], None]) -> Prompt[Plan]:
    """The request's prompt over a session, with whole groups of messages left out if it must be; ``check`` may end it by raising."""

    def write(messages: Sequence[Message]) -> str:
        check()
        return model.template.render(messages, open_reply=request.open_reply, arguments=request.template_args)

    if request.max_tokens < 0:
        raise ModelError(Code.REQUEST_BAD, detail="max_tokens is negative")
    fitted = fit(
        request.messages,
        context=model.info.context,
        max_tokens=request.max_tokens,
        render=write,
        measure=lambda text: measure(session, to_bytes(text), model.vocabulary, model.info.context, check),
        count=lambda text: model.vocabulary.count(text, check),
        dropped=session.dropped,
    )
    if not fitted.plan.tokens:
        raise ModelError(Code.TEMPLATE_FAILED, detail="it writes nothing")
    return fitted


def take_text(model: LoadedModel, request: Complete, session: Session, check: Callable[[], None]) -> Prompt[Plan]:
    """The request's text over a session; ``check`` may end it by raising. Raises MESSAGE_TOO_LONG where no token has room behind it."""
    if request.max_tokens < 0 or request.max_total < 0:
        raise ModelError(Code.REQUEST_BAD, detail="max_tokens or max_total is negative")
    context = model.info.context
    limit = min(request.max_total or context, context) - 1
    plan, total = measure(session, to_bytes(request.text), model.vocabulary, context, check, plain=True)
    if total > limit:
        raise ModelError(Code.MESSAGE_TOO_LONG, tokens=total, limit=limit, over=total - limit)
    if not plan.tokens:
        raise ModelError(Code.REQUEST_BAD, detail="there is no text, and the model has no token to begin one with")
    return Prompt(request.text, plan, FitReport(prompt_tokens=total, limit=limit, context=context), (), newly_dropped=False)


def told(model: LoadedModel, request: Generate, prompt: Prompt[Plan], check: Callable[[], None]) -> PromptText:
    """The prompt to be shown, with the tokens of each message's content by itself; ``check`` may end it by raising."""
    gone = set(prompt.report.dropped)
    counts = (0 if index in gone else model.vocabulary.count(one.content, check) for index, one in enumerate(request.messages))
    return PromptText(request.id, prompt.text, tuple(counts))


def render(model: LoadedModel, request: Render) -> Prompt[Plan]:
    """What ``Generate`` with the same fields would send."""
    return fit_messages(model, request, Session(""), lambda: None)
