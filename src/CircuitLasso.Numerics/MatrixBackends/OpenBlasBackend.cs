using System.Reflection;
using System.Runtime.InteropServices;

namespace CircuitLasso.Numerics;

/// <summary>
/// The system's OpenBLAS, set to one thread of its own. Thread-safe; one instance serves the process.
/// </summary>
/// <remarks>
/// OpenBLAS chooses its kernels by the processor when it is loaded, and <see cref="Name"/> tells which; its environment variable
/// <c>OPENBLAS_CORETYPE</c> overrides that. It is found under the names that
/// Debian, Windows and macOS give it; only builds with 32-bit integers (the usual ones) are looked for.
/// </remarks>
public sealed unsafe class OpenBlasBackend : IMatrixBackend
{
    private const int RowMajor = 101;
    private const int NoTranspose = 111;
    private const int Transpose = 112;

    private static readonly string[] _fileNames = ["libopenblas.so.0", "libopenblas.so", "libopenblas.dll", "openblas.dll", "libopenblas.0.dylib", "libopenblas.dylib"];
    private static readonly Lazy<OpenBlasBackend?> _instance = new(Load);

    private readonly delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _sgemm;
    private readonly delegate* unmanaged<int, int, int, int, int, int, double, double*, int, double*, int, double, double*, int, void> _dgemm;

    private OpenBlasBackend(nint sgemm, nint dgemm, string name)
    {
        _sgemm = (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)sgemm;
        _dgemm = (delegate* unmanaged<int, int, int, int, int, int, double, double*, int, double*, int, double, double*, int, void>)dgemm;
        Name = name;
    }

    /// <summary>The library's version and the processor core whose kernels it runs, such as "OpenBLAS 0.3.21 SkylakeX".</summary>
    public string Name { get; }

    /// <summary>Loads OpenBLAS, once per process.</summary>
    /// <returns>The backend, or null where the system has no usable OpenBLAS.</returns>
    public static OpenBlasBackend? TryCreate() => _instance.Value;

    /// <inheritdoc/>
    public void Gemm(bool transposeA, bool transposeB, int m, int n, int k, float alpha, ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb, float beta, Span<float> c, int ldc)
    {
        MatrixArguments.CheckProduct(transposeA, transposeB, m, n, k, a.Length, lda, b.Length, ldb, c.Length, ldc);
        if (!MatrixArguments.ScaleOnly(m, n, k, alpha, beta, c, ldc))
        {
            fixed (float* pointerA = a, pointerB = b, pointerC = c)
            {
                _sgemm(RowMajor, transposeA ? Transpose : NoTranspose, transposeB ? Transpose : NoTranspose, m, n, k, alpha, pointerA, lda, pointerB, ldb, beta, pointerC, ldc);
            }
        }
    }

    /// <inheritdoc/>
    public void Gemm(bool transposeA, bool transposeB, int m, int n, int k, double alpha, ReadOnlySpan<double> a, int lda, ReadOnlySpan<double> b, int ldb, double beta, Span<double> c, int ldc)
    {
        MatrixArguments.CheckProduct(transposeA, transposeB, m, n, k, a.Length, lda, b.Length, ldb, c.Length, ldc);
        if (!MatrixArguments.ScaleOnly(m, n, k, alpha, beta, c, ldc))
        {
            fixed (double* pointerA = a, pointerB = b, pointerC = c)
            {
                _dgemm(RowMajor, transposeA ? Transpose : NoTranspose, transposeB ? Transpose : NoTranspose, m, n, k, alpha, pointerA, lda, pointerB, ldb, beta, pointerC, ldc);
            }
        }
    }

    private static OpenBlasBackend? Load()
    {
        foreach (string fileName in _fileNames)
        {
            if (NativeLibrary.TryLoad(fileName, Assembly.GetExecutingAssembly(), DllImportSearchPath.SafeDirectories, out nint library))
            {
                if (NativeLibrary.TryGetExport(library, "cblas_sgemm", out nint sgemm)
                    && NativeLibrary.TryGetExport(library, "cblas_dgemm", out nint dgemm)
                    && NativeLibrary.TryGetExport(library, "openblas_set_num_threads", out nint setThreads)
                    && NativeLibrary.TryGetExport(library, "openblas_get_config", out nint getConfiguration)
                    && NativeLibrary.TryGetExport(library, "openblas_get_corename", out nint getCore))
                {
                    string configuration = Text(getConfiguration);

                    // A build with 64-bit integers would read its arguments wrongly.
                    if (!configuration.Contains("USE64BITINT", StringComparison.Ordinal))
                    {
                        ((delegate* unmanaged<int, void>)setThreads)(1);
                        return new OpenBlasBackend(sgemm, dgemm, $"{Version(configuration)} {Text(getCore)}");
                    }
                }

                NativeLibrary.Free(library);
            }
        }

        return null;
    }

    // The configuration reads "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."; the first two words are the version.
    private static string Version(string configuration) => string.Join(' ', configuration.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2));

    private static string Text(nint function) => Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)function)()) ?? string.Empty;
}
