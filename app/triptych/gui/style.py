"""The style sheet: what a palette cannot say. Every colour is a token."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SHEET = """
QToolTip { background: @raised; color: @text; border: 1px solid @strong_line; padding: 4px 6px; }
QMenuBar { background: @raised; color: @text; padding: 2px 6px; }
QMenuBar::item { background: transparent; padding: 4px 9px; border-radius: 4px; }
QMenuBar::item:selected { background: @selection; }
QMenu { background: @raised; color: @text; border: 1px solid @strong_line; padding: 4px; }
QMenu::item { padding: 5px 26px 5px 22px; border-radius: 4px; }
QMenu::item:selected { background: @selection; }
QMenu::item:disabled { color: @dim; }
QMenu::separator { height: 1px; background: @line; margin: 4px 8px; }
QStatusBar { background: @raised; color: @dim; border: none; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: @dim; background: transparent; }

QWidget#bar { background: @panel; border-bottom: 1px solid @line; }
QWidget#strip, QWidget#head, QWidget#panel, QWidget#side { background: @panel; }
QWidget#strip { border-bottom: 1px solid @line; }
QWidget#trouble { background: @badge; }
QWidget#trouble QLabel { color: @badge_text; }
QLabel#dim, QLabel#pathline { color: @dim; }
QLabel#badge { background: @badge; color: @badge_text; border-radius: 9px; padding: 2px 9px; }
QLabel#head { background: @raised; color: @dim; padding: 5px 12px; }
QLabel#key { border: 1px solid @strong_line; border-radius: 3px; padding: 2px 6px; color: @text; }

QPushButton { background: @panel; color: @text; border: 1px solid @strong_line; border-radius: 5px; padding: 6px 12px; }
QPushButton:hover { background: @raised; }
QPushButton:pressed { background: @selection; }
QPushButton:focus { border-color: @accent; }
QPushButton:disabled { color: @dim; border-color: @line; }
QPushButton#main { background: @main_button; color: @main_button_text; border-color: @main_button; }
QPushButton#main:focus { border-color: @accent; }
QPushButton#link { background: transparent; border: 1px solid transparent; color: @accent;
  padding: 1px 3px 1px 0; border-radius: 4px;
  text-align: left; min-width: 0; }
QPushButton#link::menu-indicator, QPushButton#chip::menu-indicator { width: 0; image: none; }
QPushButton#link:hover { text-decoration: underline; }
QPushButton#link:focus { border-color: @accent; }
QPushButton#chip { background: transparent; border: 1px solid @strong_line; border-radius: 12px; padding: 3px 10px; }
QPushButton#chip:hover { background: @raised; }
QPushButton#chip:checked { background: @selection; border-color: @accent; }
QPushButton#chip:focus { border-color: @accent; }
QPushButton#choice { background: @panel; border: 1px solid @strong_line; border-radius: 8px; padding: 0; text-align: left; }
QPushButton#choice:hover { background: @raised; }
QPushButton#choice:focus { background: @selection; border-color: @accent; }
QPushButton#choice QLabel { background: transparent; }
QPushButton#recent { background: transparent; border: none; border-bottom: 1px solid @line; border-radius: 0; padding: 9px 10px;
  text-align: left; }
QPushButton#recent:hover { background: @raised; }
QPushButton#recent:focus { background: @selection; border-bottom: 1px solid @accent; }

QLineEdit { background: @background; color: @text; border: 1px solid @strong_line; border-radius: 5px; padding: 5px 9px;
  selection-background-color: @selection; selection-color: @text; }
QLineEdit:focus { border-color: @accent; }
QLineEdit#filter { padding: 1px 6px; border-radius: 3px; }
QPushButton#brush { padding: 1px 6px; border-radius: 3px; text-align: left; }
QPushButton#brush:checked { background: @selection; border-color: @accent; }
QPlainTextEdit { background: @background; color: @text; border: none; selection-background-color: @selection; selection-color: @text; }
QComboBox { background: @panel; color: @text; border: 1px solid @strong_line; border-radius: 5px; padding: 4px 9px; }
QComboBox:focus { border-color: @accent; }
QComboBox QAbstractItemView { background: @raised; color: @text; selection-background-color: @selection; selection-color: @text; }
QCheckBox { spacing: 7px; color: @text; background: transparent; }
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid @dim; border-radius: 3px; background: transparent; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; }
QCheckBox:focus { color: @accent; }

QDialog#palette { background: @panel; border: 1px solid @strong_line; }
QListView { background: @panel; color: @text; border: none; outline: none; }
QListView::item { padding: 4px 8px; border-radius: 4px; }
QListView::item:selected { background: @selection; color: @text; }

QTabBar { background: @panel; border: none; }
QTabBar::tab { background: transparent; color: @dim; padding: 8px 13px; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: @text; }
QTabBar::tab:selected { color: @text; border-bottom: 2px solid @accent; }
QTabBar::tab:focus { color: @accent; }

QTableView { background: @background; color: @text; border: none; gridline-color: @line; outline: none;
  selection-background-color: @selection; selection-color: @text; }
QHeaderView { background: @panel; border: none; }
QHeaderView::section { background: @panel; color: @dim; border: none; border-bottom: 1px solid @line; padding: 5px 8px; }
QTableCornerButton::section { background: @panel; border: none; }
QScrollArea { border: none; background: transparent; }
QSplitter::handle { background: @line; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover { background: @accent; }
QScrollBar:vertical { background: transparent; width: 11px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 11px; margin: 0; }
QScrollBar::handle { background: @strong_line; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QProgressBar { background: @background; border: 1px solid @strong_line; border-radius: 4px; height: 8px; }
QProgressBar::chunk { background: @accent; border-radius: 3px; }
"""


def sheet(tokens: Mapping[str, str]) -> str:
    """The style sheet with its tokens filled in. Raises KeyError for a token that is not in the table."""
    return re.sub(r"@(\w+)", lambda match: tokens[match[1]], _SHEET)
