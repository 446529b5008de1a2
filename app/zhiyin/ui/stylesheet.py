"""The one style sheet, made from the tokens.

Widgets choose a look with a property, never with colours: a button's ``kind`` is ``primary``, ``quiet`` or ``danger``; a label's
``tone`` is ``soft``, ``title``, ``section``, ``error`` or ``good``; a frame's ``ground`` is ``paper``, ``raised`` or ``wash``.
"""

from collections.abc import Mapping
from string import Template

from zhiyin.ui.tokens import RADIUS, SCROLL_BAR_WIDTH

_SHEET = Template(
    """
QWidget { color: $ink; }
QMainWindow, QDialog, QWidget[ground="paper"] { background: $paper; }
QWidget[ground="raised"] { background: $raised; }
QWidget[ground="wash"] { background: $wash; }
QToolTip { background: $raised; color: $ink; border: 1px solid $line; padding: 4px 6px; }

QLabel { background: transparent; }
QLabel[tone="soft"] { color: $ink_soft; }
QLabel[tone="section"] { color: $ink_soft; font-weight: 600; }
QLabel[tone="title"] { font-size: 15pt; }
QLabel[tone="error"] { color: $accent; }
QLabel[tone="good"] { color: $jade; }

QPushButton { background: transparent; border: 1px solid $line; border-radius: ${radius}px; padding: 5px 12px; min-height: 20px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $line; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $ink_soft; }
QPushButton[kind="primary"] { background: $accent; border-color: $accent; color: $on_accent; }
QPushButton[kind="primary"]:hover, QPushButton[kind="primary"]:pressed { background: $accent_hover; border-color: $accent_hover; }
QPushButton[kind="primary"]:focus { border-color: $ink; }
QPushButton[kind="primary"]:disabled { background: $wash; border-color: $line; color: $ink_soft; }
QPushButton[kind="quiet"] { border-color: transparent; }
QPushButton[kind="quiet"]:hover { background: $hover; }
QPushButton[kind="quiet"]:focus { border-color: $accent; }
QPushButton[kind="tab"] { border-color: transparent; color: $ink_soft; padding: 5px 10px; }
QPushButton[kind="tab"]:hover { background: $hover; }
QPushButton[kind="tab"]:checked { color: $ink; background: $wash; }
QPushButton[kind="tab"]:focus { border-color: $accent; }
QPushButton[kind="row"] { border-color: transparent; text-align: left; padding: 5px 8px; }
QPushButton[kind="row"]:focus { border-color: $accent; }
QPushButton[kind="fold"] { border-color: transparent; text-align: left; padding: 5px 0; }
QPushButton[kind="fold"]:hover { background: transparent; color: $ink; }
QPushButton[kind="fold"]:focus { border-color: $accent; }
QPushButton[kind="link"] { border: none; color: $slate; padding: 0 2px; min-height: 16px; }
QPushButton[kind="link"]:hover, QPushButton[kind="link"]:focus { background: transparent; color: $accent; }

QToolButton { background: transparent; color: $ink_soft; border: 1px solid transparent; border-radius: ${radius}px; padding: 5px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $line; }
QToolButton:focus { border-color: $accent; }
QToolButton::menu-indicator { image: none; width: 0px; }

QAbstractScrollArea { background: transparent; border: none; }
QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {
  background: $raised; border: 1px solid $line; border-radius: ${radius}px; padding: 4px 8px;
  selection-background-color: $accent; selection-color: $on_accent; placeholder-text-color: $ink_soft; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus { border-color: $accent; }
QLineEdit:disabled, QPlainTextEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {
  color: $ink_soft; background: $wash; }
QLineEdit[bare="true"], QPlainTextEdit[bare="true"] { background: transparent; border-color: transparent; }
QLineEdit[bare="true"]:focus { border-color: $accent; background: $raised; }
QPlainTextEdit[bare="true"]:focus { border-color: transparent; }
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {
  subcontrol-origin: border; width: 0px; border: none; }
QAbstractSpinBox QLineEdit { background: transparent; border: none; padding: 0; }
QComboBox { padding-right: 24px; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: none; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $line; outline: 0; padding: 4px; selection-background-color: $hover;
  selection-color: $ink; }
QComboBox QAbstractItemView::item { min-height: 26px; padding: 0 6px; }
QComboBox QAbstractItemView::item:selected, QComboBox QAbstractItemView::item:hover { background: $hover; color: $ink; }

QCheckBox { spacing: 8px; }
QRadioButton { spacing: 8px; }
QRadioButton::indicator { width: 12px; height: 12px; border: 1px solid $ink_soft; border-radius: 7px; background: $raised; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 4px solid $accent; background: $raised; }
QRadioButton::indicator:focus { border-color: $accent; }
QSlider::groove:horizontal { height: 2px; background: $line; }
QSlider::sub-page:horizontal { height: 2px; background: $ink_faint; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -6px 0; border-radius: 7px; background: $ink_soft;
  border: 1px solid $paper; }
QSlider::handle:horizontal:hover { background: $ink; }
QSlider::handle:horizontal:focus { background: $accent; }
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled { background: $line; }

QMenu { background: $raised; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 6px 28px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: $hover; color: $ink; }
QMenu::item:disabled { color: $ink_soft; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }

QScrollArea > QWidget > QWidget { background: transparent; }
QListView { background: transparent; border: none; outline: 0; }
QScrollBar:vertical { background: transparent; width: ${scroll}px; margin: 0; }
QScrollBar::handle:vertical { background: $line; min-height: 32px; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical:hover { background: $ink_faint; }
QScrollBar:horizontal { background: transparent; height: ${scroll}px; margin: 0; }
QScrollBar::handle:horizontal { background: $line; min-width: 32px; border-radius: 3px; margin: 2px; }
QScrollBar::handle:horizontal:hover { background: $ink_faint; }
QScrollBar::handle:disabled { background: transparent; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0px; height: 0px; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QProgressBar { background: $line; border: none; border-radius: 1px; max-height: 2px; min-height: 2px; }
QProgressBar::chunk { background: $accent; border-radius: 1px; }
QFrame#composer { background: $raised; border: 1px solid $line; border-radius: 10px; }
QFrame#composer[focused="true"] { border-color: $ink_faint; }
QToolButton[kind="primary"] { background: $accent; border-color: $accent; border-radius: 8px; }
QToolButton[kind="primary"]:hover { background: $accent_hover; }
QToolButton[kind="primary"]:focus { border-color: $ink; }
QToolButton[kind="primary"]:disabled { background: $wash; border-color: $wash; }
QFrame[card="true"] { background: $raised; border: 1px solid $line; border-radius: 8px; }
QFrame#popup { background: $raised; border: 1px solid $line; }
QFrame#toast { background: $raised; border: 1px solid $line; border-radius: 8px; }
QFrame#toast QPushButton { color: $accent; }
QFrame#sidebar, QFrame#panel { background: $wash; border: none; }
QFrame#sidebar QPushButton[kind="row"]:hover { background: $hover; }
QFrame[line="true"] { background: $line; border: none; }
"""
)


def stylesheet(values: Mapping[str, str]) -> str:
    """The application's style sheet for one set of token values."""
    names = {role.replace(".", "_"): value for role, value in values.items()}
    return _SHEET.substitute(names, radius=RADIUS, scroll=SCROLL_BAR_WIDTH)
