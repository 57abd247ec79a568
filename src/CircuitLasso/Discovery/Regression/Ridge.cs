using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Solves (X'X + c I) B = X'Y in double precision.</summary>
internal static class Ridge
{
    /// <summary>Adds c to the diagonal and factorises.</summary>
    /// <param name="n">Rows and columns.</param>
    /// <param name="gram">X'X, n x n; becomes its Cholesky factor.</param>
    /// <param name="penalty">c.</param>
    /// <returns>Whether there is anything to solve: false where X'X is zero, and then B is zero.</returns>
    /// <exception cref="InputException">X'X has numbers that are not finite.</exception>
    public static bool TryFactorise(int n, Span<double> gram, double penalty)
    {
        if (penalty == 0)
        {
            return false;
        }

        for (int i = 0; i < n; i++)
        {
            gram[(i * n) + i] += penalty;
        }

        return Cholesky.TryFactorise(n, gram, n, out _)
            ? true
            : throw new InputException("task", "the model's activations on its texts are not finite", "check the model");
    }

    /// <summary>B of one design and one target.</summary>
    /// <param name="gram">The design's products.</param>
    /// <param name="cross">X'Y, columns x targets; becomes B.</param>
    /// <param name="targets">Columns of Y.</param>
    /// <param name="share">c is this share of the mean diagonal of X'X.</param>
    public static void Solve(FoldedGram gram, Span<double> cross, int targets, double share)
    {
        using NativeBuffer<double> factor = new((nint)gram.Columns * gram.Columns, zeroed: false);
        gram.All.CopyTo(factor.Span);
        if (TryFactorise(gram.Columns, factor.Span, share * gram.MeanDiagonal))
        {
            Cholesky.Solve(gram.Columns, factor.Span, gram.Columns, targets, cross, targets);
        }
        else
        {
            cross.Clear();
        }
    }

    /// <summary>
    /// Regressions of what is read at every slot on the slots up to it (or on all), by one factorisation: the products of the first slots are a leading block of X'X, and
    /// the factor's leading block is their factor. c is the same for every slot.
    /// </summary>
    /// <param name="gram">Products of a design of slots x width columns.</param>
    /// <param name="slots">Number of slots.</param>
    /// <param name="causal">Whether a slot reads only itself and earlier ones.</param>
    /// <param name="crosses">Some X'Y, each (slots x width) x (slots x targets); each becomes B, zero where nothing is read.</param>
    /// <param name="targets">Columns of Y at each slot.</param>
    /// <param name="share">c is this share of the mean diagonal of X'X.</param>
    public static void SolveSlots(FoldedGram gram, int slots, bool causal, IReadOnlyList<double[]> crosses, int targets, double share)
    {
        int n = gram.Columns;
        int width = n / slots;
        int columns = slots * targets;
        using NativeBuffer<double> factor = new((nint)n * n, zeroed: false);
        gram.All.CopyTo(factor.Span);
        bool varies = TryFactorise(n, factor.Span, share * gram.MeanDiagonal);
        foreach (double[] cross in crosses)
        {
            if (!varies)
            {
                Array.Clear(cross);
                continue;
            }

            Cholesky.SolveLower(n, factor.Span, n, columns, cross, columns);
            if (!causal)
            {
                Cholesky.SolveLowerTransposed(n, factor.Span, n, columns, cross, columns);
                continue;
            }

            // Forward substitution never looks below a row, so all slots share it; the way back begins at each slot's own last row.
            DeterministicParallel.For(slots, slot =>
            {
                int rows = (slot + 1) * width;
                Span<double> own = cross.AsSpan(slot * targets);
                for (int row = rows; row < n; row++)
                {
                    own.Slice(row * columns, targets).Clear();
                }

                Cholesky.SolveLowerTransposed(rows, factor.Span, n, targets, own, columns);
            });
        }
    }
}
