"""From a path of turns to a reply on its way: who speaks, what is sent, and who speaks after that."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.cast import Cast, CastController
from zhiyin.controllers.models import ModelsController
from zhiyin.controllers.replies import ReplyJob, ReplyRunner
from zhiyin.i18n import language
from zhiyin.prompt.assembly import Assembly, assemble
from zhiyin.prompt.groups import AskModel, AskUser, next_speakers, one_line, read_choice
from zhiyin.prompt.scene import Scene, SceneTurn
from zhiyin.prompt.token_counts import TokenCounts
from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import EngineService
from zhiyin.settings import AppSettings
from zhiyin.store.records import Conversation, Status, Turn
from zhiyin.store.store import Store
from zhiyin_models.engine.protocol import Event, Failed, Finished, Generate, Message, Sampling, Text
from zhiyin_models.errors import Code, Failure

DEFAULT_CONTEXT = 8192  # tokens, while no model is loaded
CHOICE_TOKENS = 16


@dataclass
class _Round:
    """Those who are still to answer one turn of the user's."""

    conversation: Conversation
    path: list[Turn]
    rest: list[int]


@dataclass(frozen=True)
class _Asked:
    """A reply that is to be made."""

    conversation: Conversation
    path: list[Turn]
    cast: Cast
    speaker: int | None
    model: str
    rest: list[int] = field(default_factory=list)


class Answering(QObject):
    """Makes replies; while one is being prepared its conversation is pending, and nothing else may be sent there."""

    added = Signal(object, object)  # Turn, the path that it answers
    pending_changed = Signal()
    speaker_wanted = Signal(int)  # conversation: the user is to say who speaks next
    changed = Signal(object)  # Conversation
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self,
        *,
        store: Store,
        cast: CastController,
        replies: ReplyRunner,
        models: ModelsController,
        engine: EngineService,
        background: Executor,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._cast = cast
        self._replies = replies
        self._models = models
        self._engine = engine
        self._background = background
        self._delivery = delivery
        self._settings = AppSettings()
        self._pending: set[int | None] = set()
        self._stopped: set[int | None] = set()
        self._rounds: dict[int, _Round] = {}  # by the reply after which it goes on
        self._awaiting: dict[int, list[Turn]] = {}  # paths that the user is to say who answers, by conversation
        self.counts = TokenCounts()
        replies.ended.connect(self._on_ended)
        replies.discarded.connect(lambda job, _view: self._rounds.pop(job.reply, None))

    def set_settings(self, settings: AppSettings) -> None:
        """Take over the app-wide defaults."""
        self._settings = settings

    # ------------------------------------------------------------ pending

    def is_pending(self, conversation: int | None) -> bool:
        """Whether something is on its way that is no reply of the queue yet; None is the conversation that is being made."""
        return conversation in self._pending

    def hold(self, conversation: int | None) -> None:
        """Something is on its way."""
        self._pending.add(conversation)
        self.pending_changed.emit()

    def release(self, conversation: int | None) -> None:
        """It has arrived, or will not."""
        self._pending.discard(conversation)
        self._stopped.discard(conversation)
        self.pending_changed.emit()

    def stop(self, conversation: int) -> None:
        """Nobody else speaks in this round, and what is being prepared ends as soon as it is a reply."""
        if conversation in self._pending:
            self._stopped.add(conversation)
        for reply in [reply for reply, round_ in self._rounds.items() if round_.conversation.id == conversation]:
            del self._rounds[reply]

    # ------------------------------------------------------------ who speaks

    def awaiting(self, conversation: int | None) -> list[Turn] | None:
        """The path that is answered once the user says by whom; None when nothing waits for that."""
        return self._awaiting.get(conversation) if conversation is not None else None

    def answer(self, conversation: Conversation, path: list[Turn], speaker: int | None = None) -> None:
        """Ask for a reply to the last turn of a path; ``speaker`` is somebody who was named, None lets the setup decide."""
        self._awaiting.pop(conversation.id, None)
        self.hold(conversation.id)

        def gathered(cast: Cast) -> None:
            if speaker is not None:
                self._begin(conversation, path, cast, [speaker])
            else:
                self._choose(conversation, path, cast)

        self._cast.gather(conversation.setup, gathered, self._failing(conversation), also=[] if speaker is None else [speaker])

    def _choose(self, conversation: Conversation, path: list[Turn], cast: Cast) -> None:
        if len(cast.actors) < 2:
            self._begin(conversation, path, cast, [actor.persona for actor in cast.actors])
            return
        choice = next_speakers(conversation.setup, cast.actors, [scene_turn(turn) for turn in path], path[-1].text)
        if isinstance(choice, AskUser):
            self._awaiting[conversation.id] = path
            self.release(conversation.id)
            self.speaker_wanted.emit(conversation.id)
        elif isinstance(choice, AskModel):
            if not self._models.is_ready(self.model_of(conversation)):  # another model is in memory, or none
                self._begin(conversation, path, cast, [choice.otherwise])
                return
            self._ask_model(choice, lambda chosen: self._begin(conversation, path, cast, [chosen]), cast)
        else:
            self._begin(conversation, path, cast, list(choice))

    def _ask_model(self, choice: AskModel, then: Callable[[int], None], cast: Cast) -> None:
        """Let the model name who speaks next; without an answer that says so it goes by order."""
        pieces: list[str] = []

        def heard(event: Event) -> None:
            if isinstance(event, Text):
                pieces.append(event.text)
            elif isinstance(event, Finished | Failed):
                then(read_choice("".join(pieces), cast.actors) or choice.otherwise)

        self._engine.generate(
            lambda number: Generate(
                id=number, session="", messages=choice.messages, sampling=Sampling(temperature=0.0), max_tokens=CHOICE_TOKENS
            ),
            heard,
        )

    def _begin(self, conversation: Conversation, path: list[Turn], cast: Cast, speakers: Sequence[int]) -> None:
        model = self.model_of(conversation)
        speaker = speakers[0] if speakers else None
        self._add(_Asked(conversation, path, cast, speaker, model, list(speakers[1:])))

    def model_of(self, conversation: Conversation) -> str:
        """The name of the model that answers there."""
        return self._models.present_name(conversation.model) if conversation.model else self._models.default

    # ------------------------------------------------------------ the reply

    def _add(self, asked: _Asked) -> None:
        """Assemble what is sent, off the window's thread; then the reply has its place, and is queued at once."""
        scene = self.scene(asked.conversation, asked.path, asked.cast, asked.speaker, once_more=True)

        def assembled(assembly: Assembly) -> None:
            if asked.conversation.id in self._stopped:  # nothing has been said yet, and nothing is to be
                self.release(asked.conversation.id)
                return
            adding = self._store.add_reply(
                asked.conversation.id,
                asked.path[-1].id,
                model=asked.model,
                status=Status.QUEUED,
                persona=asked.speaker,
                speaker=name_in(asked.cast, asked.speaker),
            )
            self._delivery.deliver(adding, lambda reply: stored(reply, assembly), self._failing(asked.conversation))

        def stored(reply: Turn, assembly: Assembly) -> None:
            if asked.rest:
                self._rounds[reply.id] = _Round(asked.conversation, asked.path, asked.rest)
            self.added.emit(reply, asked.path)
            self._submit(asked, reply, assembly)

        self._delivery.deliver(self.assembling(scene), assembled, self._failing(asked.conversation))

    def go_on(self, conversation: Conversation, reply: Turn, path: list[Turn]) -> None:
        """Continue a reply in place; it has been reopened, and is the last of the path."""

        def gathered(cast: Cast) -> None:
            asked = _Asked(conversation, path, cast, reply.persona, self.model_of(conversation))
            assembling = self.assembling(self.scene(conversation, path, cast, reply.persona))

            def assembled(assembly: Assembly) -> None:
                self._submit(asked, reply, assembly, open_reply=True)

            def failed(error: BaseException) -> None:
                job = self._job(asked, reply, Assembly.empty(), open_reply=True)
                self._replies.refuse(job, Failure(Code.REQUEST_BAD, {"detail": str(error)[:200]}))
                self.release(conversation.id)

            self._delivery.deliver(assembling, assembled, failed)

        also = [] if reply.persona is None else [reply.persona]
        self._cast.gather(conversation.setup, gathered, self._failing(conversation), also=also)

    def scene(self, conversation: Conversation, path: Sequence[Turn], cast: Cast, speaker: int | None, *, once_more: bool = False) -> Scene:
        """Everything that the prompt for a reply is assembled from.

        ``once_more``: where the path ends with a reply of the speaker's, another is to follow it; otherwise it is to be continued.
        """
        own = conversation.system_prompt
        loaded = self._engine.model
        self.counts.use(loaded.fingerprint if loaded is not None else "")
        return Scene(
            conversation=conversation.id,
            turns=tuple(scene_turn(turn) for turn in path),
            actors=cast.actors,
            speaker=speaker,
            player=cast.player,
            setup=conversation.setup,
            books=cast.books,
            system_prompt=self._settings.system_prompt if own is None else own,
            own_system_prompt=own is not None,
            context=loaded.context if loaded is not None else self._settings.context or DEFAULT_CONTEXT,
            reserve=self._settings.max_tokens,
            language="zh" if language() == "zh_CN" else "en",
            once_more=once_more,
        )

    def assembling(self, scene: Scene) -> "Future[Assembly]":
        """What is to be sent, once it is known."""
        return self._background.submit(assemble, scene, self.counts)

    def _job(self, asked: _Asked, reply: Turn, assembly: Assembly, *, open_reply: bool) -> ReplyJob:
        conversation = asked.conversation
        return ReplyJob(
            conversation=reply.conversation,
            reply=reply.id,
            model=asked.model,
            layout=assembly.layout,
            sampling=conversation.sampling or self._sampling_of(asked) or self._settings.sampling,
            max_tokens=self._settings.max_tokens,
            open_reply=open_reply,
            start_text=reply.text if open_reply else "",
            stop_strings=assembly.stop,
            session=session_of(conversation, asked.speaker),
            speaker=name_in(asked.cast, asked.speaker),
            left_out=(*assembly.summarized, *assembly.left_out),
        )

    def _sampling_of(self, asked: _Asked) -> Sampling | None:
        """The settings that a persona brings along."""
        return self._cast.sampling(asked.speaker)

    def _submit(self, asked: _Asked, reply: Turn, assembly: Assembly, *, open_reply: bool = False) -> None:
        conversation = asked.conversation
        job = self._job(asked, reply, assembly, open_reply=open_reply)
        known = self._models.find(asked.model)
        if not conversation.model and known is not None:
            self._delivery.deliver(self._store.update_conversation(conversation.id, model=known.name), self.changed.emit, self.trouble.emit)
        self._models.touch()
        stopped = conversation.id in self._stopped
        if asked.model:
            self._replies.submit(job)
            if stopped:
                self._replies.cancel(job.reply)
        else:
            self._replies.refuse(job, Failure(Code.MODEL_NONE_LOADED))
        self.release(conversation.id)

    def _on_ended(self, job: ReplyJob, turn: Turn) -> None:
        """The next of the round speaks."""
        if job.message_tokens:
            self.counts.learn(texts_of(job.layout.messages), job.message_tokens)
        going = self._rounds.pop(turn.id, None)
        if going is None or turn.status is not Status.COMPLETE:
            return
        path = [*going.path, turn]
        self.hold(turn.conversation)

        def read(conversation: Conversation) -> None:
            """As it is by now: who has left meanwhile, or was muted, says nothing."""
            here = {member.persona for member in conversation.setup.members if not member.muted}
            rest = [persona for persona in going.rest if persona in here]
            if not rest or conversation.id in self._stopped:
                self.release(conversation.id)
                return
            self._cast.gather(conversation.setup, lambda cast: self._begin(conversation, path, cast, rest), self._failing(conversation))

        self._delivery.deliver(self._store.summary(turn.conversation), read, self._failing(going.conversation))

    def _failing(self, conversation: Conversation) -> Callable[[BaseException], None]:
        def failed(error: BaseException) -> None:
            self.release(conversation.id)
            self.trouble.emit(error)

        return failed


def session_of(conversation: Conversation, speaker: int | None) -> str:
    """Whose cached tokens a reply goes on from: where everybody sees another card, each begins with another prompt."""
    setup = conversation.setup
    return f"{conversation.id}/{speaker}" if setup.group and setup.cards == "separate" else str(conversation.id)


def scene_turn(turn: Turn) -> SceneTurn:
    """A stored turn as the prompt reads it."""
    return SceneTurn(turn.id, turn.role, turn.text, turn.persona, turn.speaker, turn.covers)


def name_in(cast: Cast, speaker: int | None) -> str:
    """What somebody is called in the chat; "" for the plain assistant."""
    names: dict[Any, str] = {actor.persona: name for actor, name in zip(cast.actors, cast.names, strict=True)}
    return one_line(names.get(speaker, ""))


def texts_of(messages: Sequence[Message]) -> list[str]:
    """What tokens are counted of."""
    return [message.content for message in messages]
