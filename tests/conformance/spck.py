"""Runs spck-conformance against the platform that run started, and judges its report: `spck.py BIN_DIR OUT_DIR`."""

import json
import pathlib
import string
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
# The whole run takes half a minute; a webhook that never comes is waited for, check by check.
RUN_SECONDS_MAX = 600


def merchant(ready):
    """Our side of the checks, with the ids that the seed was given."""
    text = (HERE / "merchant.json").read_text(encoding="utf-8")
    return string.Template(text).substitute(ready["variables"])


def allowed(check, skips):
    """Why a check may be left out, or None."""
    if check["status"] == "not-applicable":
        return skips["capabilities"].get(check["capability"])
    return skips["statuses"].get(check["status"]) or skips["checks"].get(check["id"])


def judge(report, skips):
    """Prints the summary; whether nothing is wrong."""
    left_out, wrong, used = {}, [], set()
    clean = [check for check in report["checks"] if check["status"] == "clean-pass"]
    for check in report["checks"]:
        if check["status"] == "clean-pass":
            continue
        ran = check["status"] in ("deviation", "inconclusive")
        reason = None if ran else allowed(check, skips)
        if reason is None:
            wrong.append(check)
        else:
            left_out.setdefault(reason, []).append(check["id"])
            used.add(check["id"])
    run = report["checks_summary"]["run"]
    print(f"spck-conformance: {run} checks run, {len(clean)} clean, {report['checks_summary']['deviation']} deviations")
    for reason, ids in sorted(left_out.items(), key=lambda entry: len(entry[1])):
        shown = ", ".join(ids) if len(ids) <= 6 else f"{len(ids)} checks"
        print(f"  left out: {shown}: {reason}")
    stale = sorted(set(skips["checks"]) - used)
    for name in stale:
        print(f"  skips.json: {name} is not skipped any more: take it out")
    for check in wrong:
        print(f"  WRONG: {check['id']}: {check['status']}")
        for requirement in check["requirements"]:
            print(f"    {requirement['id']} {requirement.get('keyword', '')}: {requirement['requirement']}")
        print(f"    observed: {json.dumps(check['observed'])[:2000]}")
    if run < skips["run_min"]:
        print(f"  WRONG: fewer than {skips['run_min']} checks ran")
    return not wrong and not stale and run >= skips["run_min"]


def main():
    bin_dir, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    ready = json.loads((out / "ready.json").read_text(encoding="utf-8"))
    config = out / "merchant.json"
    config.write_text(merchant(ready), encoding="utf-8")
    command = [bin_dir / "spck-conformance", "--server", ready["base_url"], "--config", config]
    command += ["--json", "--junit", out / "spck.xml"]
    with open(out / "spck.json", "wb") as report, open(out / "spck.log", "wb") as log:
        code = subprocess.run(command, stdout=report, stderr=log, timeout=RUN_SECONDS_MAX, check=False).returncode
    report = json.loads((out / "spck.json").read_text(encoding="utf-8"))
    skips = json.loads((HERE / "skips.json").read_text(encoding="utf-8"))
    # 0: no MUST deviates, 2: one does. The judgement is stricter, other codes are crashes.
    sys.exit(0 if judge(report, skips) and code == 0 else 1)


main()
