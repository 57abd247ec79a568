namespace CircuitLasso.Numerics;

/// <summary>Chooses the backend of dense matrix products, once per process. Thread-safe.</summary>
/// <remarks>
/// The environment variable <c>CIRCUITLASSO_MATRIX_BACKEND</c> decides where it is set: <c>openblas</c>, <c>simd</c> or <c>scalar</c>.
/// Otherwise it is OpenBLAS where the system has it, and the project's own kernels elsewhere.
/// </remarks>
public static class MatrixBackend
{
    /// <summary>The environment variable that decides: <c>openblas</c>, <c>simd</c> or <c>scalar</c>.</summary>
    public const string Variable = "CIRCUITLASSO_MATRIX_BACKEND";

    private static readonly Lazy<(IMatrixBackend Backend, string Reason)> _choice = new(static () => Choose(Environment.GetEnvironmentVariable(Variable), OpenBlasBackend.TryCreate));

    // Flows with the call, into parallel loops too, and leaves other work alone.
    private static readonly AsyncLocal<IMatrixBackend?> _scoped = new();

    /// <summary>The backend that the process uses, or the one of <see cref="WithFloat64Accumulation"/> while that is in force for the caller.</summary>
    /// <exception cref="InputException">The environment variable names no backend, or OpenBLAS where there is none.</exception>
    public static IMatrixBackend Default => _scoped.Value ?? _choice.Value.Backend;

    /// <summary>Until the result is disposed of, float32 products of this call and of what it starts are summed in float64 (<see cref="Float64AccumulationBackend"/>).</summary>
    public static IDisposable WithFloat64Accumulation()
    {
        Scope scope = new(_scoped.Value);
        _scoped.Value = new Float64AccumulationBackend(_choice.Value.Backend);
        return scope;
    }

    /// <summary>Why it is this one, for people.</summary>
    /// <exception cref="InputException">The environment variable names no backend, or OpenBLAS where there is none.</exception>
    public static string Reason => _choice.Value.Reason;

    internal static (IMatrixBackend Backend, string Reason) Choose(string? asked, Func<IMatrixBackend?> openBlas) => asked switch
    {
        null or "" => openBlas() is { } found ? (found, "OpenBLAS was found on this system") : (new SimdMatrixBackend(), "no OpenBLAS was found on this system"),
        "openblas" => (openBlas() ?? throw new InputException(Variable, "asks for openblas, and this system has no OpenBLAS library", "install it (Debian: libopenblas0-pthread) or set simd"), $"{Variable} asks for it"),
        "simd" => (new SimdMatrixBackend(), $"{Variable} asks for it"),
        "scalar" => (new ScalarMatrixBackend(), $"{Variable} asks for it"),
        _ => throw new InputException(Variable, $"'{asked}' is not a matrix backend", "set openblas, simd or scalar, or unset it"),
    };

    private sealed class Scope(IMatrixBackend? before) : IDisposable
    {
        public void Dispose() => _scoped.Value = before;
    }
}
