using Xunit;

namespace CircuitLasso.Testing;

/// <summary>Finds the folder of real models and texts that lies beside a checkout (<c>../shared/data</c>), where there is one.</summary>
public static class SharedData
{
    /// <summary>The root of this checkout: the folder that holds the solution.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>The folder, or null.</summary>
    public static string? Folder { get; } = Find();

    /// <summary>The path of a file or folder of the shared data; skips the running test, with the reason, where it is missing.</summary>
    public static string Require(params string[] parts)
    {
        string path = Folder is null ? string.Empty : Path.Combine([Folder, .. parts]);
        bool exists = Folder is not null && (File.Exists(path) || Directory.Exists(path));
        Assert.SkipUnless(exists, $"shared/data/{string.Join('/', parts)} is not beside this checkout");
        return path;
    }

    private static string? Find()
    {
        string data = Path.Combine(RepositoryRoot, "..", "shared", "data");
        return Directory.Exists(data) ? Path.GetFullPath(data) : null;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "CircuitLasso.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("The tests do not run inside a checkout: no CircuitLasso.slnx above " + AppContext.BaseDirectory);
    }
}
