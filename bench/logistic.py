#!/usr/bin/python3
"""l1 logistic regression beside scikit-learn's liblinear, one thread each, every gap audited in float64 from the coefficients.
usage: logistic.py DATADIR [--dim 8192] [--ratios 0.1,0.01] [--turns 5] [--benchmarks CircuitLasso.Benchmarks.dll]
Makes what is missing in DATADIR with gen_lasso_data.py. Needs numpy, scipy and scikit-learn, and the benchmarks built with
dotnet build -c Release bench/CircuitLasso.Benchmarks. How to read the table: bench/README.md, section logistic.
"""
import os
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ[name] = '1'   # before numpy starts its threads
import argparse, re, subprocess, sys, time, warnings
import numpy as np, scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

HERE = os.path.dirname(os.path.abspath(__file__))
BENCHMARKS = os.path.join(HERE, 'CircuitLasso.Benchmarks', 'bin', 'Release', 'net10.0', 'CircuitLasso.Benchmarks.dll')
TOLERANCE = 1e-4

def problem(d, D, seed=7):
    """The design of case (b), and classes: a mix of 30 columns, popular ones more likely, plus noise, above its median or not."""
    z = np.load(os.path.join(d, f'b{D}.npz'))
    X = sp.csc_matrix((z['i_data'].astype(np.float64), z['i_indices'], z['i_indptr']), shape=tuple(z['shape']))
    rng = np.random.default_rng(seed); p = np.sqrt(np.diff(X.indptr))
    mix = X[:, rng.choice(X.shape[1], 30, replace=False, p=p / p.sum())] @ (rng.uniform(.5, 1.5, 30) * rng.choice([-1, 1], 30))
    mix = mix + 0.5 * mix.std() * rng.standard_normal(mix.size)
    return X, (mix > np.median(mix)).astype(np.float64)

def gap(X, y, w, lam):
    """The gap relative to the loss of the model without features, n log 2, in float64."""
    z = X @ w; r = 1 / (1 + np.exp(-z)) - y; v = np.abs(min(1, lam / np.abs(X.T @ r).max()) * r)
    primal = np.logaddexp(0, z).sum() - y @ z + lam * np.abs(w).sum(); dual = -(v * np.log(np.maximum(v, 1e-300)) + (1 - v) * np.log1p(-v)).sum()
    return (primal - dual) / (y.size * np.log(2))

def liblinear(rows, y, lam, tol):
    start = time.perf_counter()
    m = LogisticRegression(penalty='l1', solver='liblinear', fit_intercept=False, C=1 / lam, tol=tol, max_iter=10000, random_state=0).fit(rows, y)
    return 1000 * (time.perf_counter() - start), m.coef_.ravel()

def run(o, ratio, X, y):
    """The two take turns; the rival's tolerance is halved first until its audited gap holds."""
    lam = ratio * np.abs(X.T @ (0.5 - y)).max(); rows = X.tocsr(); tol = 1e-2; files = [os.path.join(o.dir, f'logistic-{n}.npz') for n in 'XYA']
    while gap(X, y, liblinear(rows, y, lam, tol)[1], lam) > TOLERANCE and tol > 1e-9: tol /= 2
    sp.save_npz(files[0], X.astype(np.float32), compressed=False); sp.save_npz(files[1], sp.csc_matrix(y[:, None], dtype=np.float32))
    ours, first, theirs = [], [], []
    for _ in range(o.turns):
        said = subprocess.run(['dotnet', o.benchmarks, 'logistic', '--design', files[0], '--targets', files[1], '--lambda-ratio', str(ratio), '--out', files[2]], capture_output=True, text=True)
        if said.returncode != 0: sys.exit(said.stderr)
        numbers = re.search(r'first ([\d.]+) ms, median [\d.]+ ms, best ([\d.]+) ms', said.stdout).groups()
        first.append(float(numbers[0])); ours.append(float(numbers[1])); theirs += [liblinear(rows, y, lam, tol) for _ in range(5)]
    w = sp.load_npz(files[2]).toarray().ravel(); best = min(t for t, _ in theirs); rival = theirs[-1][1]
    print(f'| b{o.dim} | {ratio} | {np.count_nonzero(w)} | {np.median(first):.0f} | {min(ours):.1f} | {gap(X, y, w, lam):.1e} | {best:.1f} | {gap(X, y, rival, lam):.1e} | {best / min(ours):.1f} |', flush=True)

if __name__ == '__main__':
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('dir'); ap.add_argument('--dim', type=int, default=8192); ap.add_argument('--ratios', default='0.1,0.01'); ap.add_argument('--turns', type=int, default=5)
    ap.add_argument('--benchmarks', default=BENCHMARKS); o = ap.parse_args(); warnings.filterwarnings('ignore')
    print(f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors at the start')
    print('| case | ratio | non-zeros | first call, ms | best, ms | audited gap | liblinear best, ms | its gap | ratio |\n|' + '---|' * 9, flush=True)
    if not os.path.exists(os.path.join(o.dir, f'b{o.dim}.npz')):
        subprocess.run([sys.executable, os.path.join(HERE, 'gen_lasso_data.py'), o.dir, '--dim', str(o.dim)], check=True, stdout=subprocess.DEVNULL)
    X, y = problem(o.dir, o.dim)
    for ratio in map(float, o.ratios.split(',')): run(o, ratio, X, y)
    print(f'load {os.getloadavg()[0]:.1f} at the end')
