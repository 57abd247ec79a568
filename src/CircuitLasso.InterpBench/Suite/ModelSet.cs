using System.Globalization;
using System.Reflection;
using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.InterpBench;

/// <summary>
/// Models with known circuits, one folder a case: <c>config.json</c> and <c>model.safetensors</c> (any layout that the tool reads, TransformerLens's among them),
/// <c>program.json</c> (it may be missing where the folder has the name of one of <see cref="KnownPrograms"/>), and <c>training.json</c> where there is one. The embedded sets and a user's folder differ only in where the files come from. Thread-safe.
/// </summary>
public sealed class ModelSet
{
    private const string ResourcePrefix = "interpbench/";
    private const int MaximumLogBytes = 64 << 20;
    private readonly Func<string, KnownModel> _open;

    private ModelSet(string name, IEnumerable<string> cases, Func<string, KnownModel> open)
    {
        Name = name;
        Cases = [.. cases.OrderBy(Number).ThenBy(name => name, StringComparer.Ordinal)];
        _open = open;
    }

    /// <summary>The sets inside this assembly.</summary>
    public static IReadOnlyList<string> EmbeddedNames { get; } = [.. Resources().Select(resource => resource.Set).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The set's name, or that of its folder.</summary>
    public string Name { get; }

    /// <summary>The cases: by number, then the others by name.</summary>
    public IReadOnlyList<string> Cases { get; }

    /// <summary>A set inside this assembly.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="InputException">There is none of that name.</exception>
    public static ModelSet Embedded(string name)
    {
        ILookup<string, (string Set, string Case, string File, string Resource)> cases = Resources().Where(resource => resource.Set == name).ToLookup(resource => resource.Case);
        if (cases.Count == 0)
        {
            string known = EmbeddedNames.Count > 0 ? "choose among " + string.Join(", ", EmbeddedNames) : "give a folder of models by --models";
            throw new InputException($"--set {name}", "there is no such set of models in this program", known);
        }

        return new ModelSet(name, cases.Select(group => group.Key), Open);

        KnownModel Open(string wanted)
        {
            string folder = Directory.CreateTempSubdirectory("circuitlasso-").FullName;
            try
            {
                foreach ((_, _, string file, string resource) in cases[wanted])
                {
                    using Stream source = typeof(ModelSet).Assembly.GetManifestResourceStream(resource)!;
                    AtomicFile.Write(Path.Combine(folder, file), source.CopyTo);
                }

                return Load(folder, wanted);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <summary>The models of a folder: every folder in it that holds a model with its program.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="InputException">It cannot be read, or holds none.</exception>
    public static ModelSet FromFolder(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string[] cases;
        try
        {
            cases = [.. Directory.GetDirectories(folder)
                .Where(path => File.Exists(Path.Combine(path, "config.json"))
                    && (File.Exists(Path.Combine(path, KnownCircuitTraining.ProgramFile)) || KnownPrograms.Find(Path.GetFileName(path)) is not null))
                .Select(path => Path.GetFileName(path))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InputException(folder, "cannot be read: " + exception.Message.TrimEnd('.'), "give a folder of models", exception);
        }

        return cases.Length > 0
            ? new ModelSet(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), cases, name => Load(Path.Combine(folder, name), name))
            : throw new InputException(folder, $"holds no folder with config.json, model.safetensors and {KnownCircuitTraining.ProgramFile}", "give the folder in which each model has a folder of its own");
    }

    /// <summary>Reads a case; the caller owns the result.</summary>
    /// <param name="name">One of <see cref="Cases"/>.</param>
    /// <exception cref="InputException">There is no such case, or its files are not sound.</exception>
    public KnownModel Open(string name) => Cases.Contains(name)
        ? _open(name)
        : throw new InputException($"case {name}", $"is not in {Name}", "choose among " + string.Join(", ", Cases));

    private static KnownModel Load(string folder, string name)
    {
        string programFile = Path.Combine(folder, KnownCircuitTraining.ProgramFile);
        KnownProgram program = !File.Exists(programFile) && KnownPrograms.Find(name) is { } known ? known : KnownProgram.Load(programFile);
        (double? accuracy, double? outsideSwapped) = ReadLog(Path.Combine(folder, KnownCircuitTraining.LogFile));
        string fingerprint = ModelFingerprint.Sha256(folder);
        TransformerModel model = ModelCheckpoint.Load(folder);
        try
        {
            return new KnownModel(name, program, model, fingerprint) { Accuracy = accuracy, AccuracyWithOutsideSwapped = outsideSwapped };
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static (double? Accuracy, double? OutsideSwapped) ReadLog(string path)
    {
        if (!File.Exists(path))
        {
            return (null, null);
        }

        try
        {
            byte[] bytes = new FileInfo(path).Length <= MaximumLogBytes ? File.ReadAllBytes(path) : throw new InputException(path, "is larger than a training's log can be", "give its log");
            using JsonDocument log = JsonDocument.Parse(bytes);
            return (Share("accuracy"), Share("accuracy_with_all_outside_nodes_swapped"));

            double? Share(string member) =>
                log.RootElement.ValueKind != JsonValueKind.Object || !log.RootElement.TryGetProperty(member, out JsonElement value) ? null
                : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double share) && share is >= 0 and <= 1 ? share
                : throw new InputException(path, $"'{member}' is no share from 0 to 1", "give the log of the training, or none");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InputException(path, "cannot be read: " + exception.Message.TrimEnd('.'), "give the log of the training, or none", exception);
        }
    }

    // interpbench/SET/CASE/FILE, with the separators of the machine that built it.
    private static IEnumerable<(string Set, string Case, string File, string Resource)> Resources() =>
        from resource in Assembly.GetAssembly(typeof(ModelSet))!.GetManifestResourceNames()
        where resource.StartsWith(ResourcePrefix, StringComparison.Ordinal)
        let parts = resource.Replace('\\', '/').Split('/')
        where parts.Length == 4
        select (parts[1], parts[2], parts[3], resource);

    private static int Number(string name)
    {
        string digits = string.Concat(name.TakeWhile(char.IsAsciiDigit));
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : int.MaxValue;
    }
}
