#!/usr/bin/env bash
# Package:   click 8.5.1
# Behaviour: An option whose value may be left out (`is_flag=False` with a `flag_value`) and that
#            takes numbers does not take a negative one, not even joined to it by `=`. Written
#            `--shift=-3`, the option gets its flag value and -3 is then read as an option of its
#            own, which there is none of. The same option without `flag_value` takes `--shift=-3`.
# Seen:      with flag_value, --shift=3:  3
#            with flag_value, --shift=-3: exit 2, No such option
#            without,         --shift=-3: -3
# Date:      2026-11-28
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check click==8.5.1
"$folder/venv/bin/python" - <<'PY'
import sys

import click
from click.testing import CliRunner


@click.command()
@click.option("--shift", type=int, is_flag=False, flag_value=0, default=None)
def optional(shift):
    click.echo(shift)


@click.command()
@click.option("--shift", type=int)
def plain(shift):
    click.echo(shift)


def run(command, argument):
    result = CliRunner().invoke(command, [argument])
    return result.exit_code, result.output


three, minus, without = run(optional, "--shift=3"), run(optional, "--shift=-3"), run(plain, "--shift=-3")
print("with flag_value, --shift=3: ", three[1].strip())
print("with flag_value, --shift=-3:", f"exit {minus[0]},", minus[1].strip().splitlines()[-1])
print("without,         --shift=-3:", without[1].strip())
sys.exit(not (three == (0, "3\n") and minus[0] == 2 and "No such option" in minus[1]
              and without == (0, "-3\n")))
PY
