using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// Turns text into the token ids that a model was trained on, and back: reads and runs a Hugging Face <c>tokenizer.json</c>, or GPT-2's vocabulary and merges.
/// </summary>
/// <remarks>
/// Ids and decoded text are those of Hugging Face's tokenizers. As in its transformers library, the file's truncation and padding settings
/// are not applied. A file with a component that this class does not reproduce exactly is refused when it is loaded. Instances do not change and are safe for use
/// by several threads at once.
/// </remarks>
public sealed class Tokenizer
{
    private const long LargestFile = 1L << 28;

    private readonly string _file;
    private readonly INormalizer? _normalizer;
    private readonly IPreTokenizer? _preTokenizer;
    private readonly ITokenModel _model;
    private readonly IPostProcessor? _postProcessor;
    private readonly IDecoder? _decoder;
    private readonly AddedTokens _addedTokens;

    private Tokenizer(JsonSection root, string sha256)
    {
        _file = root.File;
        Sha256 = sha256;
        Files = [TokenizerFiles.Json];
        _normalizer = root.Optional("normalizer") is { } normalizer ? TokenizerComponents.ReadNormalizer(normalizer) : null;
        _preTokenizer = root.Optional("pre_tokenizer") is { } preTokenizer ? TokenizerComponents.ReadPreTokenizer(preTokenizer) : null;
        _model = TokenizerComponents.ReadModel(root.Required("model"));
        _postProcessor = root.Optional("post_processor") is { } postProcessor ? TokenizerComponents.ReadPostProcessor(postProcessor) : null;
        _decoder = root.Optional("decoder") is { } decoder ? TokenizerComponents.ReadDecoder(decoder) : null;
        _addedTokens = new AddedTokens(root.Optional("added_tokens"), _model.Vocabulary, _normalizer);
        VocabularySize = Math.Max(_model.Vocabulary.Size, _addedTokens.Size);
        foreach (int id in _postProcessor?.Before.Concat(_postProcessor.After) ?? [])
        {
            if (TextOf(id) is null)
            {
                throw root.Required("post_processor").Error($"adds the id {id}, which no token has");
            }
        }
    }

    private Tokenizer(string file, Gpt2Files files, IReadOnlyList<string> names, string sha256)
    {
        _file = file;
        Sha256 = sha256;
        Files = names;
        _preTokenizer = new ByteLevelPreTokenizer(files.AddPrefixSpace, splitWords: true);
        _model = files.Model;
        _decoder = new ByteLevelDecoder();
        _addedTokens = files.AddedTokens;
        VocabularySize = _model.Vocabulary.Size;
    }

    /// <summary>One more than the largest id. A model's embedding may have more rows (padding) but never fewer.</summary>
    public int VocabularySize { get; }

    /// <summary>SHA-256 of the file, in lower-case hexadecimal digits; of two files, of the vocabulary's bytes followed by those of the merges.</summary>
    public string Sha256 { get; }

    /// <summary>The names of the files that say which tokens there are: <c>tokenizer.json</c>, or the vocabulary and the merges.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The ids that <see cref="Encode"/> puts before every text. Empty where the file names none (GPT-2, Pythia).</summary>
    public IReadOnlyList<int> IdsBeforeText => _postProcessor?.Before ?? [];

    /// <summary>The ids that <see cref="Encode"/> puts after every text. Empty where the file names none.</summary>
    public IReadOnlyList<int> IdsAfterText => _postProcessor?.After ?? [];

    /// <summary>The beginning-of-sequence token: the one id that is put before every text; null where the file names none or several.</summary>
    public int? BeginningOfSequenceId => IdsBeforeText is [int id] ? id : null;

    /// <summary>The end-of-sequence token: the one id that is put after every text; null where the file names none or several.</summary>
    public int? EndOfSequenceId => IdsAfterText is [int id] ? id : null;

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="folderOrFile">
    /// A <c>tokenizer.json</c>, or the model's folder: with such a file, or with GPT-2's <c>vocab.json</c> and <c>merges.txt</c>, which its own release names <c>encoder.json</c> and <c>vocab.bpe</c>.
    /// </param>
    /// <exception cref="InputException">There is no such file, it is damaged, or it needs a component that is not supported.</exception>
    public static Tokenizer Load(string folderOrFile)
    {
        ArgumentException.ThrowIfNullOrEmpty(folderOrFile);
        string file = Directory.Exists(folderOrFile) ? Path.Combine(folderOrFile, TokenizerFiles.Json) : folderOrFile;
        (string Vocabulary, string Merges)? gpt2 = file != folderOrFile && !File.Exists(file) ? TokenizerFiles.Gpt2(folderOrFile) : null;
        try
        {
            if (gpt2 is { } names)
            {
                file = Path.Combine(folderOrFile, names.Vocabulary);
                string merges = Path.Combine(folderOrFile, names.Merges);
                byte[] vocabularyBytes = ReadFile(file);
                byte[] mergesBytes = ReadFile(merges);
                Gpt2Files files = Gpt2Files.Read(folderOrFile, (file, vocabularyBytes), (merges, mergesBytes));
                return new Tokenizer(file, files, [names.Vocabulary, names.Merges], Digest([.. vocabularyBytes, .. mergesBytes]));
            }

            byte[] bytes = ReadFile(file);
            using JsonDocument document = JsonDocument.Parse(bytes);
            return new Tokenizer(new JsonSection(file, document.RootElement), Digest(bytes));
        }
        catch (JsonException cause)
        {
            throw new InputException(file, $"is not valid JSON ({cause.Message})", "copy the file again from where it came", cause);
        }
    }

    /// <summary>The token ids of a text.</summary>
    /// <param name="text">Any text; halves of surrogate pairs count as U+FFFD. The names of special tokens in it become those tokens.</param>
    /// <param name="addSpecialTokens">Whether <see cref="IdsBeforeText"/> and <see cref="IdsAfterText"/> are put around it.</param>
    /// <exception cref="InputException">The file has neither a word of the text nor a token for unknown words, or its patterns take too long.</exception>
    public int[] Encode(string text, bool addSpecialTokens = true)
    {
        List<TokenSpan> tokens = Tokenize(text, _preTokenizer?.ReadsOrigins == true, out _);
        IReadOnlyList<int> before = addSpecialTokens ? IdsBeforeText : [];
        IReadOnlyList<int> after = addSpecialTokens ? IdsAfterText : [];
        int[] ids = new int[before.Count + tokens.Count + after.Count];
        int next = 0;
        foreach (int id in before)
        {
            ids[next++] = id;
        }

        foreach (ref readonly TokenSpan token in CollectionsMarshal.AsSpan(tokens))
        {
            ids[next++] = token.Id;
        }

        foreach (int id in after)
        {
            ids[next++] = id;
        }

        return ids;
    }

    /// <summary>The token ids of a text, and the part of it that each stands for.</summary>
    /// <param name="text">As for <see cref="Encode"/>.</param>
    /// <param name="addSpecialTokens">As for <see cref="Encode"/>; such tokens have length zero, at the start or the end of the text.</param>
    /// <exception cref="InputException">As for <see cref="Encode"/>.</exception>
    public TokenSpan[] EncodeWithOffsets(string text, bool addSpecialTokens = true)
    {
        List<TokenSpan> tokens = Tokenize(text, tracksOrigins: true, out AlignedText processed);
        IReadOnlyList<int> before = addSpecialTokens ? IdsBeforeText : [];
        IReadOnlyList<int> after = addSpecialTokens ? IdsAfterText : [];
        return
        [
            .. before.Select(id => new TokenSpan(id, 0, 0)),
            .. tokens.Select(token =>
            {
                Origin origin = processed.OriginOf(token.Start, token.Length);
                return new TokenSpan(token.Id, origin.Start, origin.End - origin.Start);
            }),
            .. after.Select(id => new TokenSpan(id, text.Length, 0)),
        ];
    }

    /// <summary>The text of token ids.</summary>
    /// <param name="ids">Token ids; one that no token has adds nothing (models often have more logits than there are tokens).</param>
    /// <param name="skipSpecialTokens">Whether special tokens are left out.</param>
    /// <exception cref="InputException">The file's decoder lengthens the text to more than 16 million characters, or its patterns take too long.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        List<string> tokens = new(ids.Length);
        foreach (int id in ids)
        {
            bool skipped = skipSpecialTokens && _addedTokens.TryGet(id, out AddedToken? added) && added.Special;
            if (!skipped && TextOf(id) is { } token)
            {
                tokens.Add(token);
            }
        }

        return _decoder is null ? string.Join(' ', tokens) : string.Concat(_decoder.Decode(tokens));
    }

    /// <summary>
    /// One token as a person wants to see it: its text with its leading space, bytes that are not a whole character as <c>&lt;0xE2&gt;</c>, and
    /// <c>[ID]</c> for an id that no token has.
    /// </summary>
    public string TokenText(int id) =>
        _addedTokens.TryGet(id, out AddedToken? added) ? added.Content
        : !_model.Vocabulary.TryGetToken(id, out string? token) ? $"[{id}]"
        : _decoder?.Show(token) ?? token;

    /// <summary>
    /// The id of a token as the file writes it, or null: <c>Ġthe</c> and not <c> the</c>, where spaces are written so. For the token of a piece
    /// of text as such, encode it.
    /// </summary>
    public int? IdOf(string token) =>
        _addedTokens.TryGet(token, out AddedToken? added) ? added.Id
        : _model.Vocabulary.TryGetId(token, out int id) ? id
        : null;

    private static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] ReadFile(string file)
    {
        try
        {
            if (!File.Exists(file))
            {
                throw new InputException(file, "does not exist", $"give a {TokenizerFiles.Json}, or a folder that holds one or GPT-2's vocab.json and merges.txt");
            }

            return new FileInfo(file).Length <= LargestFile
                ? File.ReadAllBytes(file)
                : throw new InputException(file, $"is larger than {LargestFile >> 20} MiB", $"give a {TokenizerFiles.Json}; the largest in use have about 40 MiB");
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InputException(file, $"cannot be read ({cause.Message})", "check the file and its permissions", cause);
        }
    }

    private string? TextOf(int id) =>
        _addedTokens.TryGet(id, out AddedToken? added) ? added.Content
        : _model.Vocabulary.TryGetToken(id, out string? token) ? token
        : null;

    private List<TokenSpan> Tokenize(string text, bool tracksOrigins, out AlignedText processed)
    {
        ArgumentNullException.ThrowIfNull(text);
        PreTokenizedText pieces = _addedTokens.Extract(AlignedText.From(text, _file, tracksOrigins));
        pieces = _preTokenizer?.PreTokenize(pieces) ?? pieces;
        processed = pieces.Text;
        List<TokenSpan> tokens = [];
        _model.Tokenize(pieces, tokens);
        return tokens;
    }
}
