#!/usr/bin/python3
"""circuitlasso solve beside scikit-learn, one thread each, every gap audited in float64 from the coefficients.
usage: lasso.py DATADIR [--cases a,b8192] [--ratios 0.1,0.01] [--rival-targets 20] [--targets-01 200] [--tool CircuitLasso.Cli.dll]
Makes what is missing in DATADIR with gen_lasso_data.py. Needs numpy, scipy and scikit-learn, and the tool built with
dotnet build -c Release src/CircuitLasso.Cli. How to read the table: bench/README.md, section lasso.
"""
import os
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ[name] = '1'   # before numpy starts its threads
import argparse, json, subprocess, sys, time, warnings
import numpy as np, scipy.sparse as sp
from sklearn.linear_model import lasso_path

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.join(HERE, '..', 'src', 'CircuitLasso.Cli', 'bin', 'Release', 'net10.0', 'CircuitLasso.Cli.dll')
TOLERANCE = 1e-4

def gaps(X, Y, A, ratio):
    """The relative duality gap of every target, (p - d) / (||y||^2 / 2), in float64; 0 for a target of zeros."""
    result = np.zeros(Y.shape[1])
    for s in range(0, Y.shape[1], 256):
        y, a = Y[:, s:s+256], A[:, s:s+256]
        y = y.toarray() if sp.issparse(y) else y
        fit = X @ a if sp.issparse(X) else X @ a.toarray()
        r = y - (fit.toarray() if sp.issparse(fit) else fit)
        mu = ratio * np.abs(X.T @ y).max(0); largest = np.abs(X.T @ r).max(0)
        rr, yr, yy = (r * r).sum(0), (y * r).sum(0), (y * y).sum(0)
        with np.errstate(all='ignore'):
            bound = np.where(largest > 0, mu / largest, np.inf)
            c = np.where(rr > 0, np.clip(yr / rr, -bound, bound), 0)
        p = rr / 2 + mu * np.asarray(abs(a).sum(0)).ravel(); d = yy / 2 - ((y - c * r) ** 2).sum(0) / 2
        result[s:s+256] = np.where(yy > 0, (p - d) / np.maximum(yy / 2, 1e-300), 0)
    return result

def solve(tool, d, X, Y, ratio):
    """Runs the tool on files; coefficients and what it says of itself."""
    def save(name, M):
        path = os.path.join(d, name + ('.npz' if sp.issparse(M) else '.npy'))
        if sp.issparse(M): sp.save_npz(path, M.astype(np.float32), compressed=False)
        else: np.save(path, np.ascontiguousarray(M, dtype=np.float32))
        return path
    out = os.path.join(d, 'solve-A.npz')
    run = subprocess.run(['dotnet', tool, 'solve', '--design', save('solve-X', X), '--targets', save('solve-Y', Y), '--lambda-ratio', str(ratio),
                          '--tolerance', str(TOLERANCE), '--out', out, '--threads', '1', '--json', '--quiet'], capture_output=True, text=True)
    if run.returncode not in (0, 3): sys.exit(run.stderr)
    return sp.load_npz(out).tocsc(), json.loads(run.stdout)

def scikit(X, Y, ratio, gram):
    """scikit-learn on each target, its tolerance tightened tenfold until the audited gap holds; seconds count the last run alone."""
    M = X.shape[0]; seconds = 0.; worst = 0.
    for t in range(Y.shape[1]):
        y = np.ascontiguousarray(Y[:, t].toarray().ravel() if sp.issparse(Y) else Y[:, t]); tol = TOLERANCE
        while True:
            start = time.perf_counter()
            xy = X.T @ y; alpha = ratio * np.abs(xy).max() / M
            if gram is None: w = lasso_path(X, y, alphas=[alpha], tol=tol, max_iter=100000)[1][:, 0]
            else: w = lasso_path(X, y, alphas=[alpha], precompute=gram, Xy=xy, tol=tol, max_iter=100000, check_input=False)[1][:, 0]
            taken = time.perf_counter() - start
            gap = gaps(X, y[:, None], sp.csc_matrix(w[:, None]), ratio)[0]
            if gap <= TOLERANCE or tol < 1e-9: break
            tol /= 10
        seconds += taken; worst = max(worst, gap)
    return 1000 * seconds / Y.shape[1], worst

def row(case, ratio, said, worst, rival, rival_worst):
    n = said['targets']; ours = 1000 * said['seconds']['solving'] / n; whole = 1000 * (said['seconds']['solving'] + said['seconds']['gram']) / n
    print(f"| {case} | {ratio} | {n} | {said['nonzeros'] / n:.0f} | {ours:.3f} | {whole:.3f} | {worst:.1e} | {said['missed']} | {rival:.2f} | {rival_worst:.1e} | {rival / ours:.0f} | {rival / whole:.0f} |", flush=True)

def case_a(o, ratio):
    z = np.load(os.path.join(o.dir, 'a.npz')); Z = z['Z'].astype(np.float32).astype(np.float64); nb = int(z['nb']); w = Z.shape[1] // nb
    total = None; worst = 0.; rivals = []; rng = np.random.default_rng(0)
    for k in range(1, nb):
        X, Y = np.asfortranarray(Z[:, :k*w]), Z[:, k*w:(k+1)*w]
        A, said = solve(o.tool, o.dir, X, Y, ratio); worst = max(worst, gaps(X, Y, A, ratio).max())
        if total is None: total = said
        else:
            for key in ('targets', 'nonzeros', 'missed'): total[key] += said[key]
            for key in said['seconds']: total['seconds'][key] += said['seconds'][key]
        rivals.append(scikit(X, Y[:, rng.choice(w, max(1, o.rival_targets // (nb - 1)), replace=False)], ratio, np.ascontiguousarray(X.T @ X)))
    row('a', ratio, total, worst, np.mean([r[0] for r in rivals]), max(r[1] for r in rivals))

def case_b(o, D, ratio):
    z = np.load(os.path.join(o.dir, f'b{D}.npz')); shape = tuple(z['shape'])
    X, Y = (sp.csc_matrix((z[n+'_data'].astype(np.float64), z[n+'_indices'], z[n+'_indptr']), shape=shape) for n in 'ij')
    some = np.flatnonzero(np.diff(Y.indptr)); rng = np.random.default_rng(0)
    if ratio < 0.05: Y = Y[:, np.sort(rng.choice(some, min(o.targets_01, some.size), replace=False))]; some = np.arange(Y.shape[1])
    else: Y = Y[:, some]; some = np.arange(Y.shape[1])
    A, said = solve(o.tool, o.dir, X, Y, ratio)
    rival = scikit(X, Y[:, np.sort(rng.choice(some, min(o.rival_targets, some.size), replace=False))], ratio, None)
    row(f'b{D}', ratio, said, gaps(X, Y, A, ratio).max(), *rival)

if __name__ == '__main__':
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('dir'); ap.add_argument('--cases', default='a,b8192'); ap.add_argument('--ratios', default='0.1,0.01'); ap.add_argument('--tool', default=TOOL)
    ap.add_argument('--rival-targets', type=int, default=20); ap.add_argument('--targets-01', type=int, default=200)
    o = ap.parse_args(); warnings.filterwarnings('ignore')
    print(f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors at the start')
    print('| case | ratio | targets | mean non-zeros | ms a target, solving | with X\'X and X\'Y | worst audited gap | missed | scikit-learn ms | its worst gap | ratio, solving | ratio, with Gram |')
    print('|' + '---|' * 12, flush=True)
    for case in o.cases.split(','):
        path = os.path.join(o.dir, case + '.npz')
        if not os.path.exists(path):
            subprocess.run([sys.executable, os.path.join(HERE, 'gen_lasso_data.py'), o.dir] + (['--a'] if case == 'a' else ['--dim', case[1:]]), check=True, stdout=subprocess.DEVNULL)
        for ratio in map(float, o.ratios.split(',')):
            case_a(o, ratio) if case == 'a' else case_b(o, int(case[1:]), ratio)
    print(f'load {os.getloadavg()[0]:.1f} at the end')
