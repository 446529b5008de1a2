"""Pictures of the notebook: a text that was continued, what a token might have been, beams to choose from, and the settings."""

from collections.abc import Callable

import msgspec

from zhiyin.application import Zhiyin
from zhiyin.ui.notebook_values import NotebookOptions
from zhiyin_models.engine.protocol import Sampling

TEXT = "The lighthouse keeper's notebook, third of November.\n\nThe storm came in the night. When I went up to the lamp,"
OPTIONS = NotebookOptions(max_tokens=40, sampling=Sampling(temperature=0.9, seed=8), stop=("\n\n", "THE END"))


def notebook_pictures(zhiyin: Zhiyin, tag: str, take: Callable[[str], None], wait: Callable[[int], None]) -> None:
    """Wide with the settings, with a token's candidates, with beams; narrow with the settings over the sheet."""
    window = zhiyin.window
    window.resize(1180, 860)
    window.show_notebook()
    page = window.notebook_page
    content = page.content()
    wait(300)

    def go_on(options: NotebookOptions) -> None:
        content.form.set_value(options)
        content.form.changed.emit(options)
        content.editor.selectAll()
        content.editor.insertPlainText(TEXT)
        content.continue_button.click()
        wait(200)
        while content.stop_button.isVisible():
            wait(50)
        wait(600)

    go_on(OPTIONS)
    take(f"notebook-{tag}")
    span = next((one for one in content.editor.shown().spans if (one.probability or 1.0) < 0.4), content.editor.shown().spans[0])
    content.editor.pointed.emit(span, content.editor.rect_of(span))
    take(f"notebook-token-{tag}")
    content.popover.hide()
    go_on(msgspec.structs.replace(OPTIONS, method="beams", beams=6, results=4, max_tokens=16))
    take(f"notebook-beams-{tag}")
    for width in (640, 430):
        window.resize(width, 860)
        wait(50)
        take(f"notebook-{width}-{tag}")
        page.side_button.click()
        take(f"notebook-{width}-side-{tag}")
        page.side_button.click()
    window.resize(1180, 860)
