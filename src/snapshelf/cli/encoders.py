"""``snapshelf encoders``: list, fetch, convert, measure and check them."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from snapshelf.cli.console import Side, note, print_json, print_table, progress, reported
from snapshelf.cli.options import JsonOption, ProviderOption

if TYPE_CHECKING:
    from snapshelf.encoders import ModelDescription

NameArgument: TypeAlias = Annotated[
    str,
    typer.Argument(help="Name in `snapshelf encoders ls`, hf-hub:org/name of a pulled encoder, or a folder."),
]
WeightsOption: TypeAlias = Annotated[
    Literal["fp32", "fp16", "int8"], typer.Option("--weights", help="How the weights are stored.")
]

_MEGABYTE = 1_000_000

encoders = typer.Typer(
    name="encoders",
    help="List, fetch, convert, measure and check encoders.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(encoders)


@encoders.command()
def ls(as_json: JsonOption = False) -> None:
    """List the known encoders and their state on this machine."""
    with reported(as_json):
        from snapshelf.encoders import available_encoders, encoders_home, providers_available

        models = available_encoders()
        if as_json:
            plain = [{**_plain(about), "state": state} for about, state in models]
            print_json({"home": str(encoders_home()), "providers": providers_available(), "encoders": plain})
            return
        columns: dict[str, Side] = dict.fromkeys(("parameters", "MB", "dimension", "pixels"), "right")
        print_table(
            {
                "name": "left",
                "state": "left",
                "licence": "left",
                **columns,
                "languages": "left",
                "source": "left",
            },
            [
                (
                    about.name,
                    state,
                    about.licence,
                    f"{about.parameters / 1e6:,.1f} M" if about.parameters else "?",
                    f"{about.size_mb:,.0f}",
                    str(about.dimension or "?"),
                    str(about.image_size),
                    " ".join(about.languages) or "?",
                    about.source,
                )
                for about, state in models
            ],
        )
        note(f"kept in {encoders_home()}; execution providers: {', '.join(providers_available())}")


@encoders.command()
def pull(
    name: Annotated[
        str, typer.Argument(help="Name in `snapshelf encoders ls`, or hf-hub:org/name[@revision].")
    ],
    weights: WeightsOption = "fp32",
    checkpoint: Annotated[
        bool,
        typer.Option("--checkpoint", help="The weights to export or fine-tune, not the ready ONNX graphs."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Download an encoder; no other command downloads.

    An interrupted download is resumed by the same command. HF_ENDPOINT names another hub, HF_TOKEN a login.
    """
    with reported(as_json, if_stopped="stopped; the same command continues from there"):
        from snapshelf.encoders import PullRecord, registry
        from snapshelf.encoders import pull as fetch

        about = registry().get(name)
        if about is not None:
            note(f"{name}: licence {about.licence}")
        with progress(f"{name} (MB)") as report_progress:
            folder = fetch(
                name,
                weights=weights,
                checkpoint=checkpoint,
                progress=lambda done, total: report_progress(done // _MEGABYTE, total and total // _MEGABYTE),
            )
        pulled = PullRecord.read(folder)
        ready = any(file.endswith(".onnx") for file in pulled.files)
        if as_json:
            print_json({"name": name, "folder": str(folder), "ready": ready, **pulled.model_dump()})
            return
        typer.echo(f"{name} is in {folder}, commit {pulled.commit[:12]}")
        out = "" if about is not None else " --out FOLDER"
        note(
            f"use it: snapshelf add FEED --encoder {name}"
            if ready
            else f"it is a checkpoint: make ONNX graphs of it with: snapshelf encoders export {name}{out}"
        )


@encoders.command()
def export(
    name: Annotated[
        str,
        typer.Argument(
            help="Name in `snapshelf encoders ls`, hf-hub:org/name that was pulled, or a checkpoint's folder."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder of the new encoder; needed unless the registry names it.",
            show_default="the folder of the registry's name",
        ),
    ] = None,
    weights: WeightsOption = "fp32",
    as_json: JsonOption = False,
) -> None:
    """Turn a checkpoint of Transformers or OpenCLIP into ONNX graphs, and report how closely they agree.

    Needs the extra snapshelf[train].
    """
    with reported(as_json):
        from snapshelf.encoders import Card, encoders_home, registry, write_card

        about = registry().get(name)
        if out is None and about is None:
            raise typer.BadParameter("say where the encoder goes: --out FOLDER")
        folder = _checkpoint(name)
        from snapshelf.training import export_checkpoint

        target = out or encoders_home() / name
        note(f"exporting {folder} …")
        fidelity = export_checkpoint(folder, target, weights=weights)
        if about is not None:
            card = Card.read(target).model_dump(exclude={"files"}, exclude_none=True)
            fields = {
                "name": name,
                "licence": about.licence,
                "languages": list(about.languages),
                "source": about.checkpoint,
            }
            write_card(target, {**card, **fields})
        if as_json:
            print_json({"folder": str(target), "weights": weights, "fidelity": asdict(fidelity)})
            return
        typer.echo(str(fidelity))
        note(f"use it: snapshelf add FEED --encoder {target if about is None or out else name}")


@encoders.command()
def bench(
    name: NameArgument = "bundled", provider: ProviderOption = None, as_json: JsonOption = False
) -> None:
    """Measure the speed of an encoder on this machine."""
    with reported(as_json):
        from snapshelf.encoders import benchmark_encoder as measure

        speed = asdict(measure(name, provider=provider))
        if as_json:
            print_json(speed)
        else:
            for field, value in speed.items():
                typer.echo(f"{field.replace('_', ' ')}: {value}")


@encoders.command()
def doctor(
    name: NameArgument = "bundled", provider: ProviderOption = None, as_json: JsonOption = False
) -> None:
    """Check an encoder: its files and their hashes, its graphs, batches, languages, the execution provider.

    Exit code 1 if anything is wrong.
    """
    with reported(as_json):
        from snapshelf.encoders import check_encoder

        checks = check_encoder(name, provider=provider)
        if as_json:
            print_json([asdict(check) for check in checks])
        else:
            print_table(
                {"": "left", "check": "left", "result": "left"},
                [("ok" if check.fine else "PROBLEM", check.what, check.detail) for check in checks],
            )
        if not all(check.fine for check in checks):
            raise typer.Exit(1)


def _checkpoint(name: str) -> Path:
    from snapshelf.encoders import PullRecord, encoder_folder, registry
    from snapshelf.errors import EncoderError

    about = registry().get(name)
    source = about.checkpoint if about is not None else name
    if not source.startswith("hf-hub:"):
        if about is not None:
            raise EncoderError(f"{name} comes with Snapshelf as ONNX; there is nothing to export")
        if not Path(name).is_dir():
            raise EncoderError(
                f"{name}: there is no such folder; give a checkpoint's, or a name that was pulled"
            )
        return Path(name)
    folder = encoder_folder(source)
    if not PullRecord.is_in(folder) or not any(
        file.endswith((".safetensors", ".bin")) for file in PullRecord.read(folder).files
    ):
        raise EncoderError(
            f"{name}: its checkpoint is not on this machine; fetch it with: snapshelf encoders pull {name} --checkpoint"
        )
    return folder


def _plain(about: "ModelDescription") -> dict[str, Any]:
    return {**asdict(about), "folder": str(about.folder)}
