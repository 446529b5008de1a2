"""Pictures of the page of tasks: the gallery, a task that was run, its editor and its windows; wide and narrow."""

from collections.abc import Callable
from pathlib import Path

from zhiyin.application import Zhiyin
from zhiyin.ui.task_dialogs import ExampleDialog, PromptDialog
from zhiyin.ui.task_values import SampleState

TYPED = {
    "zh": {"situation": "室友半夜打游戏很吵，说了两次都没改。", "meaning": "请他十一点以后戴耳机", "relation": "室友"},
    "en": {
        "situation": "My flatmate games loudly at night; I asked twice.",
        "meaning": "headphones after eleven",
        "relation": "my flatmate",
    },
}
ANSWERS = {
    "zh": (
        "兄弟，跟你商量个事：我最近睡得浅，十一点以后你戴上耳机打行不？你想开黑到几点都成，周末我陪你打两把。",
        "我知道你下班就盼着这一会儿。我这阵子早起，十一点之后能不能麻烦你戴个耳机？你有需要我配合的，也尽管说。",
        "昨晚那局赢了没？我在梦里都听见你们团战了。十一点以后戴耳机吧，我睡个整觉，你打得也更清净。",
    ),
    "en": (
        "Hey, small favour: I've been sleeping badly and start early this month. Could you put on headphones after eleven? "
        "Play as long as you like, and I'll join you on Saturday.",
        "I know this is your hour after work, and I don't want to take it away. Could it be headphones after eleven? "
        "If anything of mine bothers you, tell me too.",
        "Did you win last night? I followed the whole fight in my sleep. Headphones after eleven, and we'll both have a better night.",
    ),
}
THOUGHT = {
    "zh": "他不是坏心，只是没意识到。先说自己的处境，不说“你太吵”；给一个具体的时间和办法；再给一点好处。",
    "en": "He means no harm. My need rather than his fault, one definite hour, and something in return.",
}


def task_pictures(zhiyin: Zhiyin, tag: str, folder: Path, take: Callable[[str], None], wait: Callable[[int], None]) -> None:
    """Everything on the page that can be seen without a model, with answers as a good one gives them."""
    window, page = zhiyin.window, zhiyin.window.tasks_page
    language = "zh" if tag.startswith("zh") else "en"
    window.resize(1180, 860)
    window.show_tasks()
    while len(page.tasks()) < 14:
        wait(50)
    take(f"{tag}-tasks")
    page.gallery.chosen.emit("tactful")
    while page.current() != "tactful":
        wait(50)
    view = page.view
    take(f"{tag}-task-empty")
    view.fields.set_values(TYPED[language])
    view.options.set_values(reasoning=True, samples=3, temperature=0.7, seed=None, max_tokens=512)
    answers = [
        SampleState(place, 4_021_337 + place, answer, THOUGHT[language], phase="done", tokens=58 + place, speed=61.3 - place)
        for place, answer in enumerate(ANSWERS[language])
    ]
    page.begin_samples(answers)
    view.results.columns[1].fold.setChecked(True)
    page.set_sample(SampleState(2, 4_021_339, "", THOUGHT[language], thinking=True, phase="writing", tokens=23))
    page.set_phase("writing")
    take(f"{tag}-task-writing")
    page.set_phase("idle")
    page.set_sample(answers[2])
    page.set_kept(0)
    view.options.fold.setChecked(True)
    view.area.verticalScrollBar().setValue(10_000)
    take(f"{tag}-task-kept")
    for width in (640, 430):
        window.resize(width, 800)
        take(f"{tag}-task-answers-{width}")
        view.form_tab.click()
        view.area.verticalScrollBar().setValue(0)
        take(f"{tag}-task-form-{width}")
        view.answers_tab.click()
    page.go_back()
    for width in (640, 430):
        window.resize(width, 800)
        take(f"{tag}-tasks-{width}")
    window.resize(1180, 860)
    page.gallery.chosen.emit("recipe")
    while page.current() != "recipe":
        wait(50)
    examples = view.examples.examples()
    page.begin_samples([SampleState(place, 7 + place, example.output, phase="done") for place, example in enumerate(examples)])
    wait(400)
    take(f"{tag}-task-markdown")
    page.gallery.chosen.emit("translation")
    while page.current() != "translation":
        wait(50)
    page.edit_button.click()
    take(f"{tag}-task-editor")
    window.resize(430, 800)
    take(f"{tag}-task-editor-430")
    window.resize(1180, 860)
    page.editor.cancel_button.click()
    page.view.prompt_button.click()
    page.view.examples.edit_requested.emit(1)
    wait(300)
    for kind, name in ((PromptDialog, "prompt"), (ExampleDialog, "example")):
        dialog = page.findChild(kind)
        if dialog is not None:
            dialog.grab().save(str(folder / f"{tag}-task-{name}.png"))
            dialog.reject()
    page.go_back()
    window.show_home()
