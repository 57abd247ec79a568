#!/usr/bin/python3
"""circuitlasso solve beside its rivals, one thread each, every gap audited in float64 from the coefficients.
usage: lasso.py DATADIR [--cases a,b8192] [--ratios 0.1,0.01] [--rival-targets 20] [--some-targets 200]
cases: a         the block-triangular matrix, beside scikit-learn's Gram descent a target and FISTA with restart on the whole matrix
       b8192     or b32768: all targets at a ratio of .05 or more, --some-targets of them below
       b131072   2,000 targets
       t1000000  1,000,000 rows (or t followed by another number), 1,000 targets, within --memory (no rival unless --rival-targets is given)
       path      b8192 at 20 lambdas, beside one solve at the last of them
       threads   b8192 with two threads, beside one
       logistic  one target of classes through solve, beside liblinear (logistic.py measures it without start-up)
Makes what is missing in DATADIR with gen_lasso_data.py. Needs numpy, scipy and scikit-learn, and the tool and the benchmarks built with
dotnet build -c Release src/CircuitLasso.Cli and bench/CircuitLasso.Benchmarks. How to read the table: bench/README.md, section lasso.
"""
import os
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ[name] = '1'   # before numpy starts its threads
import argparse, json, re, subprocess, sys, time, warnings
import numpy as np, scipy.sparse as sp

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.join(HERE, '..', 'src', 'CircuitLasso.Cli', 'bin', 'Release', 'net10.0', 'CircuitLasso.Cli.dll')
BENCHMARKS = os.path.join(HERE, 'CircuitLasso.Benchmarks', 'bin', 'Release', 'net10.0', 'CircuitLasso.Benchmarks.dll')
TOLERANCE = 1e-4
COLUMNS = ('case', 'ratio', 'ours', 'targets', 'mean non-zeros', 'Gram, s', 'solving, s', 'ms a target, solving', 'worst audited gap', 'missed', 'peak MB',
           'rival', "rival's ms a target", "rival's worst gap", 'ratio, solving', 'ratio, with Gram')

# The audit.

def gaps(X, Y, A, ratio):
    """The relative duality gap of every target, (p - d) / (||y||^2 / 2), in float64; 0 for a target of zeros."""
    result = np.zeros(Y.shape[1]); width = max(16, min(256, 2_200_000 // X.shape[0]))
    for s in range(0, Y.shape[1], width):
        y, a = Y[:, s:s+width], A[:, s:s+width]
        y = y.toarray() if sp.issparse(y) else y
        fit = X @ a if sp.issparse(X) else X @ a.toarray()
        r = y - (fit.toarray() if sp.issparse(fit) else fit)
        mu = ratio * np.abs(X.T @ y).max(0); largest = np.abs(X.T @ r).max(0)
        rr, yr, yy = (r * r).sum(0), (y * r).sum(0), (y * y).sum(0)
        with np.errstate(all='ignore'):
            bound = np.where(largest > 0, mu / largest, np.inf)
            c = np.where(rr > 0, np.clip(yr / rr, -bound, bound), 0)
        p = rr / 2 + mu * np.asarray(abs(a).sum(0)).ravel(); d = yy / 2 - ((y - c * r) ** 2).sum(0) / 2
        result[s:s+width] = np.where(yy > 0, (p - d) / np.maximum(yy / 2, 1e-300), 0)
    return result

def block_gaps(Z, widths, A, ratio):
    """The same for every target of a block-triangular matrix."""
    ends = np.cumsum(widths)
    return np.concatenate([gaps(Z[:, :a], Z[:, a:b], A[:a, a:b], ratio) for a, b in zip(ends[:-1], ends[1:])])

# Ours.

def save(d, name, M):
    path = os.path.join(d, name + ('.npz' if sp.issparse(M) else '.npy'))
    if sp.issparse(M): sp.save_npz(path, M.astype(np.float32), compressed=False)
    else: np.save(path, np.ascontiguousarray(M, dtype=np.float32))
    return path

def solve(o, ratio, design, *more, threads=1):
    """Runs the tool on files, in a process of its own; the coefficients and what it says of itself."""
    out = os.path.join(o.dir, 'solve-A.npz')
    run = subprocess.run(['dotnet', o.tool, 'solve', '--design', design, '--lambda-ratio', str(ratio), '--tolerance', str(TOLERANCE), '--out', out,
                          '--threads', str(threads), '--json', '--quiet', *more], capture_output=True, text=True)
    if run.returncode not in (0, 3): sys.exit(run.stderr)
    return sp.load_npz(out).tocsc(), json.loads(run.stdout)

def steady(o, ratio, design, *more, turns=9, which='median'):
    """The same work so many times in one process; seconds of X'X and of the targets, the median of all but the first or the best. The coefficients are those of solve."""
    run = subprocess.run(['dotnet', o.benchmarks, 'lasso', '--design', design, '--lambda-ratio', str(ratio), '--turns', str(turns), *more], capture_output=True, text=True)
    if run.returncode != 0: sys.exit(run.stderr)
    gram, solving = re.findall(which + r' ([\d.]+) s', run.stdout)
    return {'gram': float(gram), 'solving': float(solving)}

# The rivals.

def scikit(X, Y, ratio, gram=None):
    """scikit-learn on each target, its tolerance tightened tenfold until the audited gap holds; ms a target of the last run alone, the worst gap, and where
    X'X is given (and X'y with it) ms a target that X'y takes apart."""
    from sklearn.linear_model import lasso_path
    M = X.shape[0]; seconds = products = worst = 0.
    for t in range(Y.shape[1]):
        y = np.ascontiguousarray(Y[:, t].toarray().ravel() if sp.issparse(Y) else Y[:, t]); tol = TOLERANCE
        start = time.perf_counter(); xy = X.T @ y; products += time.perf_counter() - start
        while True:
            start = time.perf_counter()
            if gram is None: alpha = ratio * np.abs(X.T @ y).max() / M; w = lasso_path(X, y, alphas=[alpha], tol=tol, max_iter=100000)[1][:, 0]
            else: w = lasso_path(X, y, alphas=[ratio * np.abs(xy).max() / M], precompute=gram, Xy=xy, tol=tol, max_iter=100000, check_input=False)[1][:, 0]
            taken = time.perf_counter() - start
            gap = gaps(X, y[:, None], sp.csc_matrix(w[:, None]), ratio)[0]
            if gap <= TOLERANCE or tol < 1e-9: break
            tol /= 10
        seconds += taken; worst = max(worst, gap)
    return 1000 * seconds / Y.shape[1], worst, 1000 * products / Y.shape[1]

# The table.

def row(case, ratio, ours, targets, said, seconds, worst, rival=None):
    """Of the rival: its name, ms a target, its worst gap, and whether its time counts the Gram matrix, so that only the last ratio means anything."""
    solving = 1000 * seconds['solving'] / targets; whole = solving + 1000 * seconds['gram'] / targets; name, ms, gap, counts = rival or ('', None, None, False)
    cells = [case, ratio, ours, targets, f"{said['nonzeros'] / targets:.0f}", f"{seconds['gram']:.3f}", f"{seconds['solving']:.3f}", f'{solving:.3f}', f'{worst:.2e}', said['missed'],
             f"{said['peak_bytes'] / 1e6:.0f}", name] + (['', '', '', ''] if rival is None else [f'{ms:.3f}', f'{gap:.2e}', '' if counts else f'{ms / solving:.1f}', f'{ms / whole:.1f}'])
    print('| ' + ' | '.join(map(str, cells)) + ' |', flush=True)

def case_a(o, ratio):
    from fista_blas import fista
    z = np.load(os.path.join(o.dir, 'a.npz')); nb = int(z['nb']); widths = [z['Z'].shape[1] // nb] * nb; targets = sum(widths[1:])
    design = save(o.dir, 'a-Z', z['Z']); Z = np.asfortranarray(np.load(design).astype(np.float64)); blocks = ('--blocks', ','.join(map(str, widths)))
    A, said = solve(o, ratio, design, *blocks); worst = block_gaps(Z, widths, A, ratio).max(); again = steady(o, ratio, design, *blocks)
    rng = np.random.default_rng(0); ends = np.cumsum(widths); many = max(1, (20 if o.rival_targets is None else o.rival_targets) // (nb - 1))
    runs = [scikit(Z[:, :a], Z[:, a:b][:, rng.choice(b - a, many, replace=False)], ratio, np.ascontiguousarray(Z[:, :a].T @ Z[:, :a])) for a, b in zip(ends[:-1], ends[1:])]
    ms, products, gap = np.mean([r[0] for r in runs]), np.mean([r[2] for r in runs]), max(r[1] for r in runs)
    F, seconds, iterations = fista(Z, widths, ratio)
    whole = f'FISTA with restart, BLAS, whole matrix, {iterations} iterations', 1000 * seconds / targets, block_gaps(Z, widths, sp.csc_matrix(F), ratio).max(), True
    for rival in (('scikit-learn, Gram descent, X\'y given', ms, gap, False), ('scikit-learn, Gram descent, X\'y counted', ms + products, gap, False), whole):
        row('a', ratio, 'first run of a process', targets, said, said['seconds'], worst, rival); row('a', ratio, 'steady state', targets, said, again, worst, rival)

def read_sparse(o, case):
    z = np.load(os.path.join(o.dir, case + '.npz')); shape = tuple(z['shape'])
    kind = sp.csr_matrix if case[0] == 't' else sp.csc_matrix
    return [kind((z[n+'_data'], z[n+'_indices'], z[n+'_indptr']), shape=shape).tocsc() for n in 'ij']

def sample(Y, count):
    """So many targets that are not all zero, by a fixed seed; all of them for None."""
    some = np.flatnonzero(np.diff(Y.indptr))
    return Y[:, some if count is None else np.sort(np.random.default_rng(0).choice(some, min(count, some.size), replace=False))]

def case_sparse(o, case, ratio):
    tokens = case[0] == 't'; few = 1000 if tokens else 2000 if case == 'b131072' else None if ratio >= 0.05 else o.some_targets
    X, Y = read_sparse(o, case); Y = sample(Y, few); more = ('--memory', o.memory) if tokens else ()
    A, said = solve(o, ratio, save(o.dir, 'solve-X', X), '--targets', save(o.dir, 'solve-Y', Y), *more)
    X = X.astype(np.float64); worst = gaps(X, Y, A, ratio).max(); rivals = (0 if tokens else 20) if o.rival_targets is None else o.rival_targets
    rival = ('scikit-learn, sparse descent', *scikit(X, sample(Y, rivals), ratio)[:2], False) if rivals else None
    row(case, ratio, f"first run of a process, Gram {said['gram']}", said['targets'], said, said['seconds'], worst, rival)

def against_ourselves(o, case, ratio, label, rival, more, threads):
    """Two runs of b8192 that differ in one option; both in the table, the second beside the first."""
    X, Y = read_sparse(o, 'b8192'); Y = sample(Y, None if ratio >= 0.05 else o.some_targets); files = save(o.dir, 'solve-X', X), '--targets', save(o.dir, 'solve-Y', Y); X = X.astype(np.float64)
    A, one = solve(o, ratio, *files); worst = gaps(X, Y, A, ratio).max(); n = one['targets']; row(case, ratio, rival, n, one, one['seconds'], worst)
    A, other = solve(o, ratio, *files, *more, threads=threads)
    row(case, ratio, label, n, other, other['seconds'], gaps(X, Y, A[:, -n:], ratio).max(), (f'ours, {rival}', 1000 * one['seconds']['solving'] / n, worst, False))

def case_path(o, ratio): against_ourselves(o, 'path', ratio, '20 lambdas', 'one lambda', ('--path', '20'), 1)

def case_threads(o, ratio): against_ourselves(o, 'threads', ratio, 'two threads', 'one thread', (), 2)

def case_logistic(o, ratio):
    import logistic
    X, y = logistic.problem(o.dir, 8192); lam = ratio * np.abs(X.T @ (0.5 - y)).max(); rows = X.tocsr(); tol = 1e-2
    A, said = solve(o, ratio, save(o.dir, 'solve-X', X), '--targets', save(o.dir, 'solve-Y', sp.csc_matrix(y[:, None])), '--loss', 'logistic')
    while logistic.gap(X, y, logistic.liblinear(rows, y, lam, tol)[1], lam) > TOLERANCE and tol > 1e-9: tol /= 2
    runs = [logistic.liblinear(rows, y, lam, tol) for _ in range(5)]
    row('logistic', ratio, 'first run of a process', 1, said, said['seconds'], logistic.gap(X, y, A.toarray().ravel(), lam), ('liblinear', min(r[0] for r in runs), logistic.gap(X, y, runs[0][1], lam), False))

def generate(o, case):
    name = case if case[-1].isdigit() or case == 'a' else 'b8192'
    if os.path.exists(os.path.join(o.dir, name + '.npz')): return
    what = ['--a'] if name == 'a' else ['--tokens' if name[0] == 't' else '--dim', name[1:]]
    subprocess.run([sys.executable, os.path.join(HERE, 'gen_lasso_data.py'), o.dir, *what], check=True, stdout=subprocess.DEVNULL)

if __name__ == '__main__':
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('dir'); ap.add_argument('--cases', default='a,b8192'); ap.add_argument('--ratios', default='0.1,0.01'); ap.add_argument('--memory', default='4GB')
    ap.add_argument('--rival-targets', type=int); ap.add_argument('--some-targets', type=int, default=200); ap.add_argument('--tool', default=TOOL); ap.add_argument('--benchmarks', default=BENCHMARKS)
    o = ap.parse_args(); warnings.filterwarnings('ignore'); named = {'a': case_a, 'path': case_path, 'threads': case_threads, 'logistic': case_logistic}
    print(f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors at the start')
    print('| ' + ' | '.join(COLUMNS) + ' |\n|' + '---|' * len(COLUMNS), flush=True)
    for case in o.cases.split(','):
        generate(o, case)
        for ratio in map(float, o.ratios.split(',')): named[case](o, ratio) if case in named else case_sparse(o, case, ratio)
    print(f'load {os.getloadavg()[0]:.1f} at the end')
