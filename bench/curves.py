#!/usr/bin/python3
"""How the solver's time grows: seconds against samples, features, entries a row and targets, FISTA's iterations against the gap, and the paper's
condition for being cheaper than EAP-IG.
usage: curves.py DATADIR [--quick] [--picture FILE.svg] [--ratio 0.1] [--only growth,fista,condition]
Writes curves.csv, curves.json and curves.svg into DATADIR. Data of the shapes of gen_lasso_data.py, one axis at a time; every point is solved by
`circuitlasso solve`, audited in float64, and timed in steady state, the best of many turns. Needs what lasso.py needs. How to read it: bench/README.md, section curves.
"""
import os
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ[name] = '1'   # before numpy starts its threads
import argparse, contextlib, csv, io, json, subprocess, sys
import numpy as np
from gen_lasso_data import gen_a, gen_b, load_a, load_b
from lasso import BENCHMARKS, TOOL, block_gaps, gaps, sample, save, solve, steady

# What is varied, one at a time around a base: of (b) rows, features, entries a row, targets; of (a) rows and columns, in eight blocks.
SPARSE = {'M': 4096, 'D': 8192, 'per': 64, 'targets': 1024}
SPARSE_AXES = {'M': [1024, 2048, 4096, 8192, 16384], 'D': [2048, 4096, 8192, 16384, 32768], 'per': [16, 32, 64, 128, 256], 'targets': [256, 512, 1024, 2048, 4096]}
DENSE = {'M': 4096, 'N': 512}
DENSE_AXES = {'M': [1024, 2048, 4096, 8192, 16384], 'N': [128, 256, 512, 1024]}
QUICK = {'M': 1024, 'D': 2048, 'per': 32, 'targets': 256}, {'M': [512, 1024, 2048, 4096], 'D': [1024, 2048, 4096, 8192], 'per': [16, 32, 64, 128], 'targets': [64, 128, 256, 512]}, \
        {'M': 2048, 'N': 256}, {'M': [1024, 2048, 4096, 8192], 'N': [64, 128, 256, 512]}
TITLES = {('sparse', 'M'): 'sparse: samples', ('sparse', 'D'): 'sparse: features', ('sparse', 'per'): 'sparse: entries a row', ('sparse', 'targets'): 'sparse: targets',
          ('dense', 'M'): 'dense blocks: samples', ('dense', 'N'): 'dense blocks: columns'}

# Growth.

def turns(said):
    """About three seconds of them, so that small work too is timed after the just-in-time compiler is done with it."""
    return int(np.clip(3 / (said['seconds']['gram'] + said['seconds']['solving']), 9, 61))

def sparse_point(o, M, D, per, targets):
    with contextlib.redirect_stdout(io.StringIO()): gen_b(o.dir, D, M=M, per=per)
    X, Y = load_b(o.dir, D); Y = sample(Y, targets); os.remove(os.path.join(o.dir, f'b{D}.npz'))
    files = save(o.dir, 'solve-X', X), '--targets', save(o.dir, 'solve-Y', Y)
    A, said = solve(o, o.ratio, *files)
    return said, steady(o, o.ratio, *files, turns=turns(said), which='best'), gaps(X.astype(np.float32).astype(float), Y, A, o.ratio).max(), Y.shape[1]

def dense_point(o, M, N):
    gen_a(o.dir, M=M, N=N); Z, nb = load_a(o.dir); os.remove(os.path.join(o.dir, 'a.npz'))
    widths = [N // nb] * nb; design = save(o.dir, 'solve-Z', Z); Z = np.asfortranarray(np.load(design).astype(float)); blocks = '--blocks', ','.join(map(str, widths))
    A, said = solve(o, o.ratio, design, *blocks)
    return said, steady(o, o.ratio, design, *blocks, turns=turns(said), which='best'), block_gaps(Z, widths, A, o.ratio).max(), N - widths[0]

def growth(o, kind, base, axes, point):
    rows = []
    for axis, values in axes.items():
        for value in values:
            shape = {**base, axis: value}; said, seconds, worst, targets = point(o, **shape)
            rows.append({'data': kind, 'axis': axis, 'value': value, **{'rows': shape['M'], 'columns': said['features'], 'targets': targets}, 'nonzeros': said['nonzeros'], 'gap_max': worst, 'missed': said['missed'],
                         'gram': seconds['gram'], 'solving': seconds['solving'], 'gram_first': said['seconds']['gram'], 'solving_first': said['seconds']['solving'], 'peak_bytes': said['peak_bytes']})
            print(f"| {kind} | {axis} = {value} | {said['nonzeros']} | {worst:.1e} | {said['missed']} | {seconds['gram']:.4f} | {seconds['solving']:.4f} | {said['seconds']['gram']:.3f} | {said['seconds']['solving']:.3f} |", flush=True)
    return rows

def slope(xs, ys): return float(np.polyfit(np.log(xs), np.log(np.maximum(ys, 1e-6)), 1)[0])

# FISTA's iterations.

def fista(o):
    """[(gap, iterations plain, with restart, at most by the theorem)]; None where the iterations ran out."""
    gen_a(o.dir, **({'M': 2000, 'N': 256} if o.quick else {})); Z, nb = load_a(o.dir); os.remove(os.path.join(o.dir, 'a.npz'))
    run = subprocess.run(['dotnet', o.benchmarks, 'fista', '--design', save(o.dir, 'fista-Z', Z), '--blocks', ','.join([str(Z.shape[1] // nb)] * nb), '--lambda-ratio', str(o.ratio),
                          '--iterations', str(4000 if o.quick else 3000)], capture_output=True, text=True)
    if run.returncode != 0: sys.exit(run.stderr)
    print(f'\nFISTA, iterations against the gap, dense blocks of {Z.shape[0]} x {Z.shape[1]}:\n{run.stdout}', flush=True)
    return [tuple(None if cell == '-' else float(cell) for cell in line.split()) for line in run.stdout.splitlines()[2:]]

# The condition. Models of the InterpBench suite (layers, width, heads, head width, hidden width, tokens, outputs), IOI with a vocabulary of its own words, and GPT-2 small on 16 tokens.
MODELS = [('3', 2, 12, 4, 3, 48, 5, 1), ('4', 2, 20, 4, 5, 80, 10, 1), ('8', 2, 4, 4, 1, 16, 10, 11), ('11', 2, 12, 4, 3, 48, 10, 5), ('13', 2, 20, 4, 5, 80, 10, 3), ('18', 2, 26, 4, 6, 104, 10, 3),
          ('19', 2, 32, 4, 8, 128, 15, 3), ('20', 2, 13, 4, 3, 52, 10, 2), ('21', 4, 50, 4, 12, 200, 10, 3), ('26', 2, 21, 4, 5, 84, 10, 27), ('29', 2, 13, 4, 3, 52, 10, 8), ('33', 2, 4, 4, 1, 16, 10, 2),
          ('34', 2, 16, 4, 4, 64, 10, 5), ('35', 2, 9, 4, 2, 36, 10, 8), ('36', 2, 6, 4, 1, 24, 10, 3), ('37', 2, 12, 4, 3, 48, 10, 8), ('ioi', 6, 64, 4, 16, 3072, 16, 113), ('GPT-2 small', 12, 768, 12, 64, 3072, 16, 50257)]

def condition(iterations):
    """EAP-IG: two forwards and a backward an observation (a backward counted as two forwards): 4 F; the Lasso: one forward and S(S-1)d^2/2 multiply-adds a step. So it
    is cheaper where steps < 3 F / (S(S-1)d^2), all in FLOP, and with 1/sqrt(epsilon) steps where epsilon > (S(S-1)d^2 / 3F)^2."""
    print(f"""
The paper's condition, FLOP an observation: F + K S(S-1)d^2 < 4 F, K = 1/sqrt(epsilon) steps, S = 2 layers + 1 sites of d columns.
| model | S | d | F, forward | a step, S(S-1)d^2 | steps it can pay, 3F / step | cheaper for epsilon above | EAP-IG / Lasso, 100 steps | with {iterations:.0f} steps, measured | EAP-IG of 5 steps / Lasso, measured | X'X once, (Sd)^2, of F |
|---|---|---|---|---|---|---|---|---|---|---|""")
    rows = []
    for name, layers, d, heads, head, hidden, tokens, outputs in MODELS:
        S = 2 * layers + 1; F = 2 * tokens * (layers * (4 * d * heads * head + 2 * d * hidden + 2 * tokens * heads * head) + d * outputs); step = S * (S - 1) * d * d
        rows.append({'model': name, 'sites': S, 'd': d, 'forward': F, 'step': step, 'steps': 3 * F / step, 'epsilon': (step / (3 * F)) ** 2})
        print(f'| {name} | {S} | {d} | {F:.2e} | {step:.2e} | {3 * F / step:.0f} | {(step / (3 * F)) ** 2:.1e} | {4 * F / (F + 100 * step):.2f} | {4 * F / (F + iterations * step):.2f} | {17 * F / (F + iterations * step):.2f} | {(S * d) ** 2 / F:.3f} |')
    return rows

# The picture: log-log panels, no library.

STYLE = """.growth{font-family:system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;--paper:#fff;--ink:#1c2430;--muted:#66717f;--line:#dde2e8;--one:#2166c4;--two:#cf4a2c;--three:#7a8794}
@media (prefers-color-scheme:dark){.growth{--paper:#12161c;--ink:#e8edf3;--muted:#94a0ae;--line:#2b333e;--one:#6aa9ff;--two:#ff8a6b;--three:#8b98a7}}
.growth .paper{fill:var(--paper)}.growth text{fill:var(--ink);font-size:12px}.growth .muted{fill:var(--muted);font-size:11px}.growth .title{font-weight:600;font-size:13px}.growth .grid{stroke:var(--line);fill:none}
.growth .one{stroke:var(--one)}.growth .two{stroke:var(--two)}.growth .three{stroke:var(--three);stroke-dasharray:5 4}.growth path{fill:none;stroke-width:2}.growth circle.one{fill:var(--one)}.growth circle.two{fill:var(--two)}.growth circle.three{fill:var(--three)}"""
WIDTH, HEIGHT, PLOT, TALL = 300, 270, 225, 150

def number(x):
    power = round(np.log10(x))
    return f'{x:g}' if 1e-3 <= x < 1e5 else f'1e{power}'

def ticks(low, high): return [10.0 ** p for p in range(int(np.ceil(np.log10(low) - 1e-9)), int(np.floor(np.log10(high) + 1e-9)) + 1)]

def panel(left, top, title, unit, curves, values=None):
    """curves: [(class, legend, xs, ys)]; values: the x to be marked, powers of ten otherwise."""
    xs = np.concatenate([c[2] for c in curves]); ys = np.concatenate([c[3] for c in curves])
    x0, x1, y0, y1 = xs.min(), xs.max(), 10 ** np.floor(np.log10(ys.min())), 10 ** np.ceil(np.log10(ys.max()))
    x = lambda v: left + 52 + PLOT * np.log(v / x0) / np.log(x1 / x0); y = lambda v: top + 26 + TALL * (1 - np.log(v / y0) / np.log(y1 / y0))
    out = [f'<text x="{left + 52}" y="{top + 14}"><tspan class="title">{title}</tspan> <tspan class="muted">{unit}</tspan></text>']
    for v in ticks(y0, y1): out.append(f'<path class="grid" style="stroke-width:1" d="M{left + 52} {y(v):.1f}h{PLOT}"/><text class="muted" text-anchor="end" x="{left + 46}" y="{y(v) + 4:.1f}">{number(v)}</text>')
    for v in values if values is not None else ticks(x0, x1): out.append(f'<text class="muted" text-anchor="middle" x="{x(v):.1f}" y="{top + 42 + TALL}">{number(v)}</text>')
    for k, (kind, legend, px, py) in enumerate(curves):
        out.append(f'<path class="{kind}" d="M' + 'L'.join(f'{x(a):.1f} {y(b):.1f}' for a, b in zip(px, py)) + '"/>')
        out += [f'<circle class="{kind}" r="2.5" cx="{x(a):.1f}" cy="{y(b):.1f}"/>' for a, b in zip(px, py)]
        line = top + 62 + TALL + 15 * k; out.append(f'<path class="{kind}" d="M{left + 52} {line - 4}h18"/><text x="{left + 76}" y="{line}">{legend}</text>')
    return out

def picture(rows, iterations):
    groups = {}
    for r in rows: groups.setdefault((r['data'], r['axis']), []).append(r)
    panels = []
    for key, group in groups.items():
        xs = [r['value'] for r in group]
        panels.append((TITLES[key], 'seconds', [(kind, f'{label}, slope {slope(xs, [r[what] for r in group]):.2f}', xs, [max(r[what], 1e-4) for r in group])
                                                for kind, what, label in (('one', 'solving', 'solving'), ('two', 'gram', "X'X and X'Y"))], xs))
    if iterations:
        curves = []
        for kind, at, label in (('one', 1, 'plain'), ('two', 2, 'with restart'), ('three', 3, "the theorem's bound")):
            known = [(p[0], p[at]) for p in iterations if p[at]]; curves.append((kind, f'{label}, slope {slope(*zip(*known)):.2f}', *map(list, zip(*known))))
        panels.append(("FISTA: relative gap", 'iterations', curves, None))
    across = 4; down = -(-len(panels) // across)
    out = [f'<svg class="growth" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across * WIDTH + 10} {down * HEIGHT + 10}" width="{across * WIDTH + 10}" height="{down * HEIGHT + 10}" role="img">',
           f"<title>How the solver's time grows</title><style>{STYLE}</style>", '<rect class="paper" width="100%" height="100%"/>']
    for k, (title, unit, curves, values) in enumerate(panels): out += panel(WIDTH * (k % across), 8 + HEIGHT * (k // across), title, unit, curves, values)
    return '\n'.join(out) + '\n</svg>\n'

if __name__ == '__main__':
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('dir'); ap.add_argument('--quick', action='store_true'); ap.add_argument('--picture'); ap.add_argument('--ratio', type=float, default=.1); ap.add_argument('--only', default='growth,fista,condition')
    ap.add_argument('--tool', default=TOOL); ap.add_argument('--benchmarks', default=BENCHMARKS); o = ap.parse_args(); only = o.only.split(',')
    here = os.path.abspath(o.dir); o.dir = os.path.join(here, 'curves'); os.makedirs(o.dir, exist_ok=True); rows, iterations, result = [], [], {}
    print(f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors at the start')
    if 'growth' in only:
        sparse, sparse_axes, dense, dense_axes = QUICK if o.quick else (SPARSE, SPARSE_AXES, DENSE, DENSE_AXES)
        print(f"sparse around {sparse}, dense around {dense}\n| data | point | non-zeros | worst audited gap | missed | Gram, s | solving, s | Gram, first run | solving, first run |\n|" + '---|' * 9)
        rows = growth(o, 'sparse', sparse, sparse_axes, sparse_point) + growth(o, 'dense', dense, dense_axes, dense_point)
        with open(os.path.join(here, 'curves.csv'), 'w', newline='') as f: w = csv.DictWriter(f, rows[0].keys()); w.writeheader(); w.writerows(rows)
    if 'fista' in only: iterations = fista(o)
    if 'condition' in only: result['condition'] = condition(next((p[1] for p in iterations if p[0] == 1e-4 and p[1]), 100.))
    with open(os.path.join(here, 'curves.json'), 'w') as f: json.dump({'growth': rows, 'fista': iterations, **result}, f, indent=1)
    if rows or iterations:
        with open(o.picture or os.path.join(here, 'curves.svg'), 'w') as f: f.write(picture(rows, iterations))
    print(f'load {os.getloadavg()[0]:.1f} at the end')
