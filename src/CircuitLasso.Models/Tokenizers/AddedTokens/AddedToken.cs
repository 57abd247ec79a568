namespace CircuitLasso.Models;

/// <summary>A token that is found in the text before anything else happens to it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="SingleWord">Whether it counts only where no word character touches it.</param>
/// <param name="StripsLeft">Whether it swallows the white space before it.</param>
/// <param name="StripsRight">Whether it swallows the white space after it.</param>
/// <param name="Normalized">Whether it is looked for, normalized itself, in the normalized text instead of the original.</param>
/// <param name="Special">Whether decoding can leave it out.</param>
internal sealed record AddedToken(int Id, string Content, bool SingleWord, bool StripsLeft, bool StripsRight, bool Normalized, bool Special)
{
    // A search may look this far ahead at every character.
    private const int LongestContent = 1_024;

    /// <summary>Reads one of the file's "added_tokens".</summary>
    public static AddedToken Read(JsonSection section)
    {
        JsonSection content = section.Required("content");
        if (content.Text().Length is 0 or > LongestContent)
        {
            throw content.Error($"has {content.Text().Length} characters, not 1 to {LongestContent}");
        }

        bool special = section.Flag("special", otherwise: false);
        return new AddedToken(
            section.Required("id").Integer(Vocabulary.LargestId),
            content.Text(),
            section.Flag("single_word", otherwise: false),
            section.Flag("lstrip", otherwise: false),
            section.Flag("rstrip", otherwise: false),
            section.Flag("normalized", otherwise: !special),
            special);
    }
}
