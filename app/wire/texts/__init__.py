"""What people read in messages: Markdown, HTML or plain words, written as each channel shows them, in parts it takes.

A text is read into a tree once (readers, tree), written in a dialect (marks, escapes, inlines, blocks), measured in the
channel's own unit (limits) and cut in the tree where it is too long (splitting, cuts, graphemes). Pure; no channel is known
by name but as a dialect.
"""

from app.wire.texts.dialects import Dialect
from app.wire.texts.escapes import escape
from app.wire.texts.limits import Limit
from app.wire.texts.parts import WrittenPart, first_line_as_title, write_parts

__all__ = ["Dialect", "Limit", "WrittenPart", "escape", "first_line_as_title", "write_parts"]
