using System.Text.RegularExpressions;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// The folder in which Python's huggingface_hub and other programs keep what comes from the hub, laid out as https://huggingface.co/docs/hub/local-cache describes:
/// <c>models--ORG--NAME</c> with <c>blobs</c> (files by their hash), <c>snapshots/COMMIT</c> (relative links to them) and <c>refs</c> (the commit of a branch or tag), and
/// <c>.locks</c> beside the repositories.
/// </summary>
/// <param name="root">The folder.</param>
/// <param name="usesLinks">Whether snapshots hold links where the system can make them.</param>
internal sealed partial class HubCache(string root, bool usesLinks)
{
    private const string FolderPrefix = "models--";

    /// <summary>The folder.</summary>
    public string Root => root;

    /// <summary>The path that a file of a snapshot has on the hub, <c>/ORG/NAME/PATH</c>; any other path unchanged.</summary>
    /// <param name="path">A full path with '/' between its parts.</param>
    public static string PublishedPath(string path) =>
        SnapshotPath().Match(path) is { Success: true } match ? $"/{match.Groups["repository"].Value.Replace("--", "/", StringComparison.Ordinal)}/{match.Groups["inside"].Value}" : path;

    /// <summary>Whether a file is there, or a link to one that is.</summary>
    public static bool HasFile(string path) => FileLength(path) is not null;

    /// <summary>The bytes of a file or of what a link leads to; null where there is none.</summary>
    public static long? FileLength(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists || file.Attributes.HasFlag(FileAttributes.Directory))
            {
                return null;
            }

            // Of a link that leads nowhere the system says that it exists.
            FileSystemInfo target = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
            return target is FileInfo { Exists: true, LinkTarget: null } found ? found.Length : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The folder of a repository.</summary>
    public string FolderOf(string repository) => Path.Combine(root, FolderPrefix + repository.Replace("/", "--", StringComparison.Ordinal));

    /// <summary>The snapshot of a name in the cache, or null where none was made.</summary>
    public string? SnapshotOf(HubName name)
    {
        foreach (string repository in (IEnumerable<string>)(name.TodaysRepository is { } today ? [name.Repository, today] : [name.Repository]))
        {
            string folder = FolderOf(repository);
            string? commit = HubListing.IsCommit(name.Revision) ? name.Revision : ReadReference(folder, name.Revision);
            if (commit is not null && Directory.Exists(Snapshot(folder, commit)))
            {
                return Snapshot(folder, commit);
            }
        }

        return null;
    }

    /// <summary>The folder of a commit's files.</summary>
    public static string Snapshot(string folder, string commit) => Path.Combine(folder, "snapshots", commit);

    /// <summary>The file that holds content of a hash.</summary>
    public static string Blob(string folder, string hash) => Path.Combine(folder, "blobs", hash);

    /// <summary>The lock of content that is being written.</summary>
    public string LockOf(string folder, string hash) => Path.Combine(root, ".locks", Path.GetFileName(folder), hash + ".lock");

    /// <summary>The file in a snapshot.</summary>
    public static string PathIn(string snapshot, string path) => Path.Combine([snapshot, .. path.Split('/')]);

    /// <summary>Whether a commit is known to have no file of this path.</summary>
    public static bool IsKnownMissing(string snapshot, string path) => HasFile(MissingMark(snapshot, path));

    /// <summary>Keeps in mind that a commit has no file of this path, as huggingface_hub does.</summary>
    public static void MarkMissing(string snapshot, string path)
    {
        string mark = MissingMark(snapshot, path);
        if (!HasFile(mark))
        {
            Write(mark, () =>
            {
                Directory.CreateDirectory(Path.GetDirectoryName(mark)!);
                AtomicFile.WriteAllBytes(mark, []);
            });
        }
    }

    /// <summary>Keeps in mind which commit a branch or tag is at.</summary>
    public static void WriteReference(string folder, string revision, string commit)
    {
        if (!HubListing.IsCommit(revision) && ReadReference(folder, revision) != commit)
        {
            string path = Reference(folder, revision);
            Write(path, () =>
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                AtomicFile.WriteAllText(path, commit);
            });
        }
    }

    /// <summary>Gives a file its place in a snapshot: a link to its content or, where links cannot be made, the content itself.</summary>
    /// <param name="folder">The repository's folder.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="file">The file, whose content is in <c>blobs</c>.</param>
    /// <param name="mayMove">Whether nothing else needs the content, which can then be moved.</param>
    public void Place(string folder, string commit, HubFile file, bool mayMove)
    {
        string path = PathIn(Snapshot(folder, commit), file.Path);
        if (FileLength(path) == file.Size)
        {
            return;
        }

        string blob = Blob(folder, file.Hash!);
        Write(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (usesLinks && TryLink(path, blob))
            {
                return;
            }

            try
            {
                PlaceContent(path, blob, mayMove);
            }
            catch (FileNotFoundException) when (FileLength(path) == file.Size)
            {
                // Another process moved it here first.
            }
        });
    }

    /// <summary>Does what writes to the cache, and turns its failure into one line.</summary>
    public static void Write(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, exception);
        }
    }

    /// <summary>One line on a file of the cache that cannot be written.</summary>
    public static InputException Unwritable(string path, Exception exception) => new(
        path, $"cannot be written ({exception.Message.TrimEnd('.')})", "free some space or set HF_HUB_CACHE to another folder, then give the same command again", exception);

    private static void PlaceContent(string path, string blob, bool mayMove)
    {
        if (mayMove)
        {
            File.Move(blob, path, overwrite: true);
            return;
        }

        using FileStream content = new(blob, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        using AtomicFile copy = new(path);
        content.CopyTo(copy.Stream);
        copy.Commit();
    }

    private static string MissingMark(string snapshot, string path) =>
        PathIn(Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(snapshot))!, ".no_exist", Path.GetFileName(snapshot)), path);

    private static string Reference(string folder, string revision) => PathIn(Path.Combine(folder, "refs"), revision);

    private static string? ReadReference(string folder, string revision)
    {
        string path = Reference(folder, revision);
        try
        {
            string? text = FileLength(path) is < 1000 ? File.ReadAllText(path).Trim() : null;
            return text is not null && HubListing.IsCommit(text) ? text : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool TryLink(string path, string blob)
    {
        try
        {
            // A link that leads nowhere, or a file of the wrong size, is in the way.
            File.Delete(path);
            File.CreateSymbolicLink(path, Path.GetRelativePath(Path.GetDirectoryName(path)!, blob));
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // Another process may have been faster; otherwise links cannot be made here.
            return FileLength(path) is { } length && length == FileLength(blob);
        }
    }

    [GeneratedRegex("/models--(?<repository>[^/]+)/snapshots/[0-9a-f]{40}/(?<inside>.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex SnapshotPath();
}
