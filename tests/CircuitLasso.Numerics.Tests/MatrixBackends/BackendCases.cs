namespace CircuitLasso.Numerics.Tests;

/// <summary>The grid of products on which every backend must agree with the plain loops.</summary>
internal static class BackendCases
{
    private static readonly (int M, int N, int K)[] _shapes = [.. Cube(0, 1, 2, 3, 5, 8), .. Cube(1, 7, 13, 16, 17, 33), (30, 8, 30), (30, 30, 8), (1, 257, 300), (257, 1, 300), (64, 64, 1), (97, 101, 103), (31, 512, 129), (129, 31, 512), (3, 5, 4099), (240, 200, 530)];
    private static readonly (double Alpha, double Beta)[] _factors = [(1, 0), (1, 1), (-0.75, 0), (1.5, -0.5), (0, 0), (0, 0.5)];

    /// <summary>Runs them all: shapes with zero, one, odd, prime and tail sizes; all transposes; factors; leading dimensions exact and larger.</summary>
    public static void AssertAgreesWithScalar(IMatrixBackend backend)
    {
        int seed = 0;
        foreach ((int m, int n, int k) in _shapes)
        {
            for (int transposes = 0; transposes < 4; transposes++)
            {
                (double alpha, double beta) = _factors[seed % _factors.Length];
                int padding = seed % 7 % 3;
                Check(new ProductProblem<float>(m, n, k, (transposes & 1) != 0, (transposes & 2) != 0, alpha, beta, ++seed, padding), backend);
                Check(new ProductProblem<double>(m, n, k, (transposes & 1) != 0, (transposes & 2) != 0, alpha, beta, seed, padding), backend);
            }
        }
    }

    private static void Check<T>(ProductProblem<T> problem, IMatrixBackend backend)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T> =>
        problem.AssertClose(problem.Run(new ScalarMatrixBackend()), problem.Run(backend));

    private static IEnumerable<(int M, int N, int K)> Cube(params int[] sides) =>
        from m in sides from n in sides from k in sides select (m, n, k);
}
