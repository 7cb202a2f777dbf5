"""Files and folders, local or in a store that pyarrow knows (`s3://…`, `gs://…`, `hdfs://…`)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyarrow import fs

from sidedoor.errors import InputError


@dataclass(frozen=True, slots=True)
class Place:
    """A path on a file system; `name` is how the user called it."""

    files: fs.FileSystem
    path: str
    name: str

    @classmethod
    def at(cls, name: str) -> "Place":
        """The place that a path or an address names.

        Raises:
            InputError: no file system is known for the address.
        """
        if "://" not in name:
            return cls(fs.LocalFileSystem(), str(Path(name).absolute()), name)
        try:
            files, path = fs.FileSystem.from_uri(name)
        except (OSError, ValueError) as error:
            raise InputError(f"{name} can't be reached ({type(error).__name__})") from None
        return cls(files, path.rstrip("/"), name)

    def __truediv__(self, child: str) -> "Place":
        return Place(self.files, f"{self.path}/{child}", f"{self.name.rstrip('/')}/{child}")

    @property
    def is_file(self) -> bool:
        return bool(self.files.get_file_info(self.path).type == fs.FileType.File)

    def listed(self) -> list[tuple[str, int]]:
        """Relative path and size of every file below, sorted; none where nothing is there."""
        selector = fs.FileSelector(self.path, recursive=True, allow_not_found=True)
        found = self.files.get_file_info(selector)
        start = len(self.path.rstrip("/")) + 1
        return sorted((info.path[start:], info.size) for info in found if info.is_file)

    def make_parent(self) -> None:
        """Makes the folder that this is in."""
        self.files.create_dir(self.path.rpartition("/")[0], recursive=True)

    def remove(self) -> None:
        """Removes the file or the folder, if it is there."""
        kind = self.files.get_file_info(self.path).type
        if kind == fs.FileType.Directory:
            self.files.delete_dir(self.path)
        elif kind == fs.FileType.File:
            self.files.delete_file(self.path)

    def move_to(self, target: "Place") -> None:
        """Gives the file another name, in place of what has it."""
        target.make_parent()
        self.files.move(self.path, target.path)

    def read_json(self) -> Any:
        """The content of a JSON file."""
        with self.files.open_input_stream(self.path, compression=None) as file:
            return json.loads(file.read())

    def write_bytes(self, content: bytes) -> None:
        """Writes a file."""
        with self.files.open_output_stream(self.path, compression=None) as file:
            file.write(content)
