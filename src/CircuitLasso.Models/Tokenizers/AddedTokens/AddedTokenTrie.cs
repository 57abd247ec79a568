using System.Buffers;

namespace CircuitLasso.Models;

/// <summary>Finds added tokens in a text: the leftmost first, and of those that start at one place the longest.</summary>
internal sealed class AddedTokenTrie
{
    private const int Root = 0;
    private readonly Dictionary<(int Node, char Character), int> _children = [];
    private readonly List<AddedToken?> _tokens = [null];
    private readonly SearchValues<char> _firstCharacters;

    /// <summary>Makes a trie of tokens by the text that each is found by; of two with the same text the first counts.</summary>
    public AddedTokenTrie(IEnumerable<(string Text, AddedToken Token)> patterns)
    {
        HashSet<char> first = [];
        foreach ((string text, AddedToken token) in patterns)
        {
            if (text.Length == 0)
            {
                continue;
            }

            first.Add(text[0]);
            int node = Root;
            foreach (char character in text)
            {
                if (!_children.TryGetValue((node, character), out int child))
                {
                    child = _tokens.Count;
                    _tokens.Add(null);
                    _children.Add((node, character), child);
                }

                node = child;
            }

            _tokens[node] ??= token;
        }

        _firstCharacters = SearchValues.Create([.. first]);
    }

    /// <summary>Cuts a text into added tokens and what lies between them.</summary>
    public void Split(AlignedText source, PreTokenizedText result)
    {
        ReadOnlySpan<char> text = source.Characters;
        int resume = 0;
        for (int search = 0; search < text.Length;)
        {
            int offset = text[search..].IndexOfAny(_firstCharacters);
            if (offset < 0)
            {
                break;
            }

            int start = search + offset;
            if (LongestAt(text, start, out int end) is not { } token)
            {
                search = start + 1;
                continue;
            }

            search = end;
            if (token.SingleWord && (TouchesWord(text, start, before: true) || TouchesWord(text, end, before: false)))
            {
                continue;
            }

            // All white space is one UTF-16 unit long. A token that swallowed spaces keeps them from the next one.
            while (token.StripsLeft && start > resume && char.IsWhiteSpace(text[start - 1]))
            {
                start--;
            }

            while (token.StripsRight && end < text.Length && char.IsWhiteSpace(text[end]))
            {
                end++;
            }

            result.Add(resume, start - resume);
            result.AddToken(new Piece(start, end - start, token.Id));
            resume = end;
        }

        result.Add(resume, text.Length - resume);
    }

    private AddedToken? LongestAt(ReadOnlySpan<char> text, int start, out int end)
    {
        AddedToken? longest = null;
        end = start;
        int node = Root;
        for (int i = start; i < text.Length && _children.TryGetValue((node, text[i]), out node); i++)
        {
            if (_tokens[node] is { } token)
            {
                longest = token;
                end = i + 1;
            }
        }

        return longest;
    }

    private static bool TouchesWord(ReadOnlySpan<char> text, int index, bool before) =>
        before
            ? index > 0 && UnicodeClasses.IsWord(UnicodeClasses.RuneBefore(text, index))
            : index < text.Length && UnicodeClasses.IsWord(UnicodeClasses.RuneAt(text, index));
}
