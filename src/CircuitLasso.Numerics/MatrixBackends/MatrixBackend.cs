namespace CircuitLasso.Numerics;

/// <summary>Chooses the backend of dense matrix products once per process.</summary>
public static class MatrixBackend
{
    private static readonly Lazy<IMatrixBackend> _default = new(Choose);

    /// <summary>The backend that the process uses.</summary>
    public static IMatrixBackend Default => _default.Value;

    private static ScalarMatrixBackend Choose() => new();
}
