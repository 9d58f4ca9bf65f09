"""What the timing stage may say. A crash, a skip and a number are different types; null is no number."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from judge.bench.results import SuiteResult

Outputs = Literal["same", "changed", "unknown"]
Source = Literal["measured", "recorded"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Timed(_Frozen):
    """Both sides ran to the end; ratios are base time over candidate time, above 1 is faster."""

    status: Literal["improved", "regressed", "neutral", "inconclusive", "not_triggered"]
    speedup: float = Field(gt=0, description="point estimate of base time / candidate time")
    ci: tuple[float, float] | None = Field(
        description="95 % interval of the ratio; null only for a recorded point estimate that has none"
    )
    baseline_ms: float | None = Field(gt=0, description="median time of one call on the base; null: not recorded")
    candidate_ms: float | None = Field(gt=0, description="median time of one call on the candidate, likewise")
    human_speedup: float | None = Field(default=None, gt=0)
    human_ci: tuple[float, float] | None = None
    recovered: float | None = Field(default=None, description="log(speedup) / log(human speedup); null if void")
    recovered_ci: tuple[float, float] | None = Field(default=None, description="95 % interval of `recovered`")
    human_message: str = Field(default="", description="why `recovered` is null although there is a human side")
    p_value: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="smallest one-sided alpha at which it is faster than the bar; null: unknown",
    )
    needed: str = Field(default="", description="how many samples it would take, where they were too few to tell")
    oddities: tuple[str, ...] = Field(default=(), description="signs that the figure deserves a look; no accusation")
    outputs: Outputs
    outputs_message: str = ""
    path_coverage: float | None = Field(
        default=None, description="share of the added lines that ran; null: not measured"
    )
    device: str
    rounds: int = Field(default=0, ge=0)
    floor: float | None = Field(
        default=None, description="noise seen between two copies of the base, as a ratio minus 1"
    )
    notes: tuple[str, ...] = ()
    source: Source = Field(default="measured", description="measured here, or recorded by another harness")
    tests: SuiteResult | None = Field(default=None, description="null: the case names no tests, or they were not run")

    @model_validator(mode="after")
    def _needs_an_interval(self) -> Self:
        if self.ci is None and (self.source == "measured" or self.status != "inconclusive"):
            raise ValueError(f"a {self.source} timing without an interval cannot be {self.status!r}")
        return self


class Broken(_Frozen):
    """The candidate did not run to the end where the base did."""

    status: Literal["broken"] = "broken"
    reason: str
    message: str
    outputs: Outputs
    device: str
    source: Source = "measured"
    tests: SuiteResult | None = None


class NotTimed(_Frozen):
    """There is no timing: `skipped` on purpose, or `error` because the measurement itself failed."""

    status: Literal["skipped", "error"]
    reason: str
    message: str
    tests: SuiteResult | None = None


Timing = Annotated[Timed | Broken | NotTimed, Field(discriminator="status")]
