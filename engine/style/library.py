"""Library: the styles at hand, those that ship and the user's own, each a file."""

from functools import cache
from importlib import resources
from pathlib import Path

import platformdirs

from engine.errors import PhotofinishError
from engine.files import make_folder
from engine.style.style import SUFFIX, Style, read_style, write_style


def folder() -> Path:
    """Where the user's own styles lie."""
    return Path(platformdirs.user_data_dir("photofinish")) / "styles"


@cache
def shipped() -> tuple[Style, ...]:
    """The styles that come with the program, Auto first."""
    found = []
    for entry in (resources.files("resources") / "styles").iterdir():
        if entry.name.endswith(SUFFIX):
            with resources.as_file(entry) as path:
                found.append(read_style(path))
    return tuple(sorted(found, key=lambda style: (style.name != "Auto", style.name)))


def own() -> tuple[list[Style], tuple[str, ...]]:
    """The user's own by name, and a sentence for each file that is refused."""
    styles, refused = [], []
    for path in sorted(folder().glob(f"*{SUFFIX}")):
        try:
            styles.append(read_style(path))
        except PhotofinishError as error:
            refused.append(str(error))
    return sorted(styles, key=lambda style: style.name.lower()), tuple(refused)


def named(name: str) -> Style:
    """The style in the file `name`, else the own or shipped one so called.

    Raises PhotofinishError.
    """
    path = Path(name)
    if path.exists() or path.suffix:
        return read_style(path)
    styles = [*own()[0], *shipped()]
    for style in styles:
        if style.name.lower() == name.lower():
            return style
    known = ", ".join(style.name for style in styles)
    raise PhotofinishError(
        f"There is no style file {name}, and no style of that name; {known} are."
    )


def keep(style: Style) -> Path:
    """Put `style` among the user's own; return its file.

    Raises PhotofinishError where one is called so already, or where nothing can be written.
    """
    taken = {known.name.lower() for known in (*own()[0], *shipped())}
    if style.name.lower() in taken:
        raise PhotofinishError(f"There is a style called {style.name} already.")
    path = _path(style.name)
    make_folder(path.parent)
    write_style(style, path)
    return path


def remove(name: str) -> None:
    """Delete the user's own style of that name."""
    _path(name).unlink(missing_ok=True)


def _path(name: str) -> Path:
    """Raises PhotofinishError where the name makes no file."""
    if not name.strip() or any(c in '/\\:*?"<>|' or ord(c) < 32 for c in name) or name[0] == ".":
        raise PhotofinishError(f"A style cannot be called {name!r}.")
    return folder() / f"{name}{SUFFIX}"
