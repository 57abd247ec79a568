namespace CircuitLasso.Testing;

/// <summary>A folder of the test's own, deleted with everything in it when the test ends.</summary>
public sealed class TemporaryFolder : IDisposable
{
    /// <summary>Creates the folder.</summary>
    public TemporaryFolder() => Root = Directory.CreateTempSubdirectory("circuitlasso-test-").FullName;

    /// <summary>The folder's path.</summary>
    public string Root { get; }

    /// <summary>A path inside the folder.</summary>
    public string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Root, recursive: true);
}
