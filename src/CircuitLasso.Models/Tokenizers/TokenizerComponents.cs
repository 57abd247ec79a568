using System.Text;

namespace CircuitLasso.Models;

/// <summary>The closed list of the component types that this program runs, with the reader of each.</summary>
internal static class TokenizerComponents
{
    private static readonly Dictionary<string, Func<JsonSection, INormalizer>> _normalizers = new(StringComparer.Ordinal)
    {
        ["Sequence"] = NormalizerSequence.Read,
        ["Prepend"] = PrependNormalizer.Read,
        ["Replace"] = ReplaceNormalizer.Read,
        ["NFC"] = UnicodeFormNormalizer.Reader(NormalizationForm.FormC),
        ["NFD"] = UnicodeFormNormalizer.Reader(NormalizationForm.FormD),
        ["NFKC"] = UnicodeFormNormalizer.Reader(NormalizationForm.FormKC),
        ["NFKD"] = UnicodeFormNormalizer.Reader(NormalizationForm.FormKD),
        ["Lowercase"] = LowercaseNormalizer.Read,
        ["Strip"] = StripNormalizer.Read,
    };

    private static readonly Dictionary<string, Func<JsonSection, IPreTokenizer>> _preTokenizers = new(StringComparer.Ordinal)
    {
        ["Sequence"] = PreTokenizerSequence.Read,
        ["ByteLevel"] = ByteLevelPreTokenizer.Read,
        ["Split"] = SplitPreTokenizer.Read,
        ["Whitespace"] = WhitespacePreTokenizer.Read,
        ["WhitespaceSplit"] = WhitespaceSplitPreTokenizer.Read,
        ["Metaspace"] = MetaspacePreTokenizer.Read,
    };

    private static readonly Dictionary<string, Func<JsonSection, ITokenModel>> _models = new(StringComparer.Ordinal)
    {
        ["BPE"] = BytePairModel.Read,
        ["WordLevel"] = WordLevelModel.Read,
    };

    private static readonly Dictionary<string, Func<JsonSection, IPostProcessor>> _postProcessors = new(StringComparer.Ordinal)
    {
        ["Sequence"] = PostProcessorSequence.Read,
        ["TemplateProcessing"] = TemplatePostProcessor.Read,
        ["ByteLevel"] = ByteLevelPostProcessor.Read,
    };

    private static readonly Dictionary<string, Func<JsonSection, IDecoder>> _decoders = new(StringComparer.Ordinal)
    {
        ["Sequence"] = DecoderSequence.Read,
        ["Replace"] = ReplaceDecoder.Read,
        ["ByteFallback"] = ByteFallbackDecoder.Read,
        ["Fuse"] = FuseDecoder.Read,
        ["Strip"] = StripDecoder.Read,
        ["ByteLevel"] = ByteLevelDecoder.Read,
        ["Metaspace"] = MetaspaceDecoder.Read,
    };

    /// <summary>Reads a normalizer of any type.</summary>
    public static INormalizer ReadNormalizer(JsonSection component) => Read(component, _normalizers);

    /// <summary>Reads a pre-tokenizer of any type.</summary>
    public static IPreTokenizer ReadPreTokenizer(JsonSection component) => Read(component, _preTokenizers);

    /// <summary>Reads a token model of any type; files older than the field "type" hold byte-pair encodings.</summary>
    public static ITokenModel ReadModel(JsonSection component) =>
        component.Optional("type") is null && component.Optional("merges") is not null ? BytePairModel.Read(component) : Read(component, _models);

    /// <summary>Reads a post-processor of any type.</summary>
    public static IPostProcessor ReadPostProcessor(JsonSection component) => Read(component, _postProcessors);

    /// <summary>Reads a decoder of any type.</summary>
    public static IDecoder ReadDecoder(JsonSection component) => Read(component, _decoders);

    private static T Read<T>(JsonSection component, Dictionary<string, Func<JsonSection, T>> readers)
    {
        string type = component.Required("type").Text();
        return readers.TryGetValue(type, out Func<JsonSection, T>? reader)
            ? reader(component)
            : throw component.Unsupported($"has the type \"{type}\", which is none of {string.Join(", ", readers.Keys)}");
    }
}
