using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

/// <summary>The embedded model in a folder, and a few pairs of singular and plural beginnings in a task file beside it.</summary>
internal sealed class AgreementTask : IDisposable
{
    internal AgreementTask()
    {
        EmbeddedModel.Extract(Model);
        (string Singular, string Plural)[] nouns = [("boy", "boys"), ("girl", "girls"), ("king", "kings")];
        string Line(string clean, string patch, string answer, string other) =>
            $$"""{"clean_prefix": "the {{clean}}", "patch_prefix": "the {{patch}}", "clean_answer": " {{answer}}", "patch_answer": " {{other}}"}""";
        File.WriteAllLines(Task, nouns.SelectMany(noun => new[] { Line(noun.Singular, noun.Plural, "sings", "sing"), Line(noun.Plural, noun.Singular, "smile", "smiles") }));
    }

    internal TemporaryFolder Folder { get; } = new();

    internal string Model => Folder.PathOf("model");

    internal string Task => Folder.PathOf("agreement.jsonl");

    public void Dispose() => Folder.Dispose();
}
