"""Counts the words of a file through caphost:host, and says what it may do and what was refused."""

from componentize_py_types import Err
from wit_world.exports import Run as Exported
from wit_world.imports import capabilities, fs
from wit_world.imports.caphost_host_types import Error_Denied


class Run(Exported):
    def run(self) -> None:
        print("may:", ", ".join(capabilities.list()))
        try:
            print("words:", len(fs.read_file("data/a.txt").split()))
        except Err as error:
            match error.value:
                case Error_Denied(refusal):
                    print("refused:", refusal.capability, refusal.resource, refusal.code)
                case other:
                    raise other
