namespace CircuitLasso.GrammarTraining;

/// <summary>The embedded tokenizer as a file, which is what the tokenizer's reader wants.</summary>
internal sealed class TemporaryTokenizer : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("circuitlasso-").FullName;

    public TemporaryTokenizer()
    {
        Path = System.IO.Path.Combine(_folder, "tokenizer.json");
        using Stream source = EmbeddedGrammar.OpenTokenizer();
        using FileStream target = File.Create(Path);
        source.CopyTo(target);
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
