#!/usr/bin/python3
"""The paper's solver by BLAS: FISTA with restart on the whole block-triangular matrix, float32, X'X shared by all targets, one thread.
usage: fista_blas.py Z.npy WIDTH,WIDTH,... [--ratio 0.1]     (lasso.py runs it as a rival; in numpy, so that nobody's code is slower than it need be)
"""
import os
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ[name] = '1'   # before numpy starts its threads
import argparse, time
import numpy as np

def largest_eigenvalue(S, seed=0):
    """By power iteration until it stands still to a part in 10,000; a little is added, because it comes from below."""
    v = np.random.default_rng(seed).standard_normal(S.shape[0]).astype(S.dtype); value = 0.
    for _ in range(1000):
        u = S @ v; before, value = value, float(np.linalg.norm(u) / np.linalg.norm(v)); v = u / np.linalg.norm(u)
        if abs(value - before) < 1e-4 * value: break
    return 1.002 * value

def relative_gaps(S, C, W, yy, mu, allowed):
    """Of every target, from X'X and X'Y alone: what a solver can know for the price of one iteration. 1/2||y - Xw||^2 + mu ||w||_1."""
    R = S @ W; np.subtract(C, R, out=R); R *= allowed; largest = np.abs(R).max(0)
    yr = yy - np.einsum('ij,ij->j', W, C, dtype=np.float64); rr = np.maximum(yr - np.einsum('ij,ij->j', W, R, dtype=np.float64), 1e-30)
    c = np.clip(yr / rr, -mu / np.maximum(largest, 1e-30), mu / np.maximum(largest, 1e-30))
    return (rr / 2 + mu * np.abs(W).sum(0) - (c * yr - c * c * rr / 2)) / (yy / 2)

def fista(Z, widths, ratio, tolerance=1e-4, between=10, maximum=5000):
    """A for the blocks of Z, seconds with X'X counted, and iterations, when every target's gap (looked at every `between` iterations) is within the tolerance.
    Columns of the first block are sources alone and those of the last targets alone, so only the part of A that can be non-zero is computed with."""
    Z = np.ascontiguousarray(Z, dtype=np.float32); start = time.perf_counter()
    G = Z.T @ Z; first, last = widths[0], Z.shape[1] - widths[-1]; place = np.repeat(np.arange(len(widths)), widths)
    allowed = (place[:last, None] < place[None, first:]).astype(np.float32)
    S = np.ascontiguousarray(G[:last, :last]); C = G[:last, first:] * allowed; yy = np.diag(G)[first:].astype(np.float64)
    mu = ratio * np.abs(C).max(0); L = np.float32(largest_eigenvalue(S)); threshold = mu / L
    W = np.zeros_like(C); V = np.zeros_like(C); U = np.empty_like(C); D = np.empty_like(C); t = np.ones(C.shape[1], dtype=np.float32)
    for k in range(1, maximum + 1):
        np.matmul(S, V, out=U); U -= C; U *= -1 / L; U += V
        np.clip(U, -threshold, threshold, out=D); U -= D; U *= allowed                    # the soft threshold, and the frozen entries
        np.subtract(U, W, out=D); V -= U
        turned = np.einsum('ij,ij->j', V, D) > 0                                          # a step against its momentum: that target starts again
        after = (1 + np.sqrt(1 + 4 * t * t)) / 2; momentum = np.where(turned, 0, (t - 1) / after).astype(np.float32); t = np.where(turned, 1, after).astype(np.float32)
        np.multiply(D, momentum, out=V); V += U; W, U = U, W
        if k % between == 0 and relative_gaps(S, C, W, yy, mu, allowed).max() <= tolerance: break
    seconds = time.perf_counter() - start
    A = np.zeros((Z.shape[1], Z.shape[1])); A[:last, first:] = W
    return A, seconds, k

if __name__ == '__main__':
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('Z'); ap.add_argument('widths'); ap.add_argument('--ratio', type=float, default=.1); o = ap.parse_args()
    A, seconds, iterations = fista(np.load(o.Z), [int(w) for w in o.widths.split(',')], o.ratio)
    print(f'{seconds:.2f} s, {iterations} iterations, {np.count_nonzero(A)} coefficients')
