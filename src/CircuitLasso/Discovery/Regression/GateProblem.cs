namespace CircuitLasso;

/// <summary>
/// Which sources a reader needs: with C_u the part of the outputs that source u has by way of the reader, minimise over 0 &lt;= g &lt;= 1
/// ||sum over u of (1 - g_u) C_u||^2 + sum over u of ||(1 - g_u) C_u||^2 + lambda sum over u of g_u (sums over samples and outputs, not means):
/// both what all sources give together and what each gives is to be kept with few gates open. A gate of zero is an edge that is not there. Not thread-safe.
/// </summary>
/// <remarks>
/// The sum alone would let sources that cancel shut each other's gates; the single parts alone would count copies of one another twice.
/// Coordinate descent on G = C C' + diag(C C'), as wide as there are sources; with gradient 2 (G g - G 1) + lambda, one coordinate's minimum is
/// g_u - gradient_u / (2 G[u, u]), cut to 0..1. The certificate is the Frank-Wolfe gap, max over the box of gradient . (g - g'), which bounds the distance to the
/// minimum of a convex function (Jaggi, 2013, equation 2).
/// </remarks>
internal sealed class GateProblem
{
    private const int MostSweeps = 100_000;
    private readonly double[] _gram;
    private readonly double[] _half;
    private readonly double[] _rowSums;

    /// <summary>States the problem.</summary>
    /// <param name="products">C_u . C_w, sources x sources, symmetric; kept and changed.</param>
    /// <param name="sources">Number of sources.</param>
    public GateProblem(double[] products, int sources)
    {
        _gram = products;
        Sources = sources;
        _half = new double[sources];
        _rowSums = new double[sources];
        for (int u = 0; u < sources; u++)
        {
            products[(u * sources) + u] *= 2;
            for (int w = 0; w < sources; w++)
            {
                _rowSums[u] += products[(u * sources) + w];
            }

            ShutLoss += _rowSums[u];
        }
    }

    /// <summary>Number of sources.</summary>
    public int Sources { get; }

    /// <summary>The loss with all gates shut.</summary>
    public double ShutLoss { get; }

    /// <summary>How many calls of <see cref="Solve"/> ended above their tolerance.</summary>
    public int Missed { get; private set; }

    /// <summary>The smallest lambda at which every gate is zero: 2 max over u of (G 1)_u; 0 where that is never positive.</summary>
    public double LargestLambda => 2 * Math.Max(0, Sources == 0 ? 0 : _rowSums.Max());

    /// <summary>G[u, u]: twice the squares that a source has in the outputs by way of this reader.</summary>
    /// <param name="source">The source.</param>
    public double Squares(int source) => _gram[(source * Sources) + source];

    /// <summary>Half the slope of the loss against a gate, with its sign turned: (G (1 - g))_u. The gate stays shut while twice this is below lambda.</summary>
    /// <param name="source">The source.</param>
    /// <param name="gates">All gates.</param>
    public double Pull(int source, ReadOnlySpan<double> gates)
    {
        double pull = _rowSums[source];
        for (int w = 0; w < Sources; w++)
        {
            pull -= _gram[(source * Sources) + w] * gates[w];
        }

        return pull;
    }

    /// <summary>Solves to a gap of at most <paramref name="tolerance"/> times the loss with all gates shut.</summary>
    /// <param name="lambda">The penalty, in the units of the squared sums.</param>
    /// <param name="gates">Where to start; where the solution comes to stand.</param>
    /// <param name="tolerance">Relative gap.</param>
    public GateCertificate Solve(double lambda, Span<double> gates, double tolerance = 1e-8)
    {
        for (int u = 0; u < Sources; u++)
        {
            _half[u] = Pull(u, gates);
        }

        int sweeps = 0;
        GateCertificate certificate = Certify(lambda, gates, sweeps);
        while (certificate.Gap > tolerance * Math.Max(ShutLoss, 0) && sweeps < MostSweeps)
        {
            Sweep(lambda, gates);
            sweeps++;
            certificate = Certify(lambda, gates, sweeps);
        }

        // What is no number is no certificate either.
        Missed += certificate.Gap <= tolerance * Math.Max(ShutLoss, 0) ? 0 : 1;
        return certificate;
    }

    private void Sweep(double lambda, Span<double> gates)
    {
        for (int u = 0; u < Sources; u++)
        {
            double squares = Squares(u);
            double best = squares > 0 ? Math.Clamp(gates[u] + ((_half[u] - (lambda / 2)) / squares), 0, 1) : 0;
            double change = best - gates[u];
            if (change == 0)
            {
                continue;
            }

            gates[u] = best;
            System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(_gram.AsSpan(u * Sources, Sources), -change, _half, _half);
        }
    }

    private GateCertificate Certify(double lambda, ReadOnlySpan<double> gates, int sweeps)
    {
        // The loss is (1 - g)' G (1 - g), and G (1 - g) is what _half holds.
        double primal = 0;
        double gap = 0;
        for (int u = 0; u < Sources; u++)
        {
            primal += ((1 - gates[u]) * _half[u]) + (lambda * gates[u]);
            double gradient = lambda - (2 * _half[u]);
            gap += gradient > 0 ? gradient * gates[u] : gradient * (gates[u] - 1);
        }

        return new GateCertificate(lambda, primal, gap, sweeps);
    }
}
