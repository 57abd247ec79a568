using System.Text;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// A text on its way through normalizers and pre-tokenizers, in which every UTF-16 unit remembers the part of the original text that it came from,
/// unless nobody is going to ask. It is always well-formed UTF-16.
/// </summary>
internal sealed class AlignedText
{
    // Real tokenizers lengthen a text by less than ten (bytes as characters, compatibility forms). A file of many Replace steps
    // could double it at each one: past this the file is at fault.
    private const int LargestGrowth = 64;
    private const int AlwaysAllowed = 65_536;

    private readonly string _file;
    private readonly int _originalLength;
    private char[] _characters;

    // Null where origins are not kept.
    private Origin[]? _origins;

    private AlignedText(string file, int originalLength, int capacity, bool tracksOrigins)
    {
        _file = file;
        _originalLength = originalLength;
        _characters = new char[capacity];
        _origins = tracksOrigins ? new Origin[capacity] : null;
    }

    /// <summary>Number of UTF-16 units.</summary>
    public int Length { get; private set; }

    /// <summary>All of the text. Valid until the next append.</summary>
    public ReadOnlySpan<char> Characters => _characters.AsSpan(0, Length);

    /// <summary>Starts from the user's text; half surrogate pairs become U+FFFD, as in any conversion to UTF-8.</summary>
    /// <param name="text">The text.</param>
    /// <param name="file">The tokenizer's file, for complaints.</param>
    /// <param name="tracksOrigins">Whether units remember where they came from. Where they do not, every origin reads as the empty start of the text.</param>
    public static AlignedText From(string text, string file, bool tracksOrigins = true)
    {
        AlignedText result = new(file, text.Length, text.Length, tracksOrigins);
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            text.CopyTo(result._characters);
            result.Length = text.Length;
            for (int i = 0; tracksOrigins && i < text.Length; i++)
            {
                result._origins![i] = new Origin(i, i + 1);
            }

            return result;
        }

        int position = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            // A lone surrogate and U+FFFD are both one unit long, so the width of the rune is right in either case.
            int width = rune.Utf16SequenceLength;
            result.Append(rune, new Origin(position, position + width));
            position += width;
        }

        return result;
    }

    /// <summary>An empty text with the same original.</summary>
    public AlignedText NewEmpty() => new(_file, _originalLength, Length + 1, _origins is not null);

    /// <summary>A part of this text, on its own.</summary>
    public AlignedText Slice(int start, int length)
    {
        AlignedText part = new(_file, _originalLength, length + 1, _origins is not null);
        part.Append(this, start, length);
        return part;
    }

    /// <summary>This text with one UTF-16 unit in the place of another.</summary>
    public AlignedText WithUnitReplaced(char unit, char replacement)
    {
        AlignedText result = Slice(0, Length);
        result._characters.AsSpan(0, Length).Replace(unit, replacement);
        return result;
    }

    /// <summary>Where one unit came from.</summary>
    public Origin OriginOf(int index) => _origins is null ? default : _origins[index];

    /// <summary>The smallest part of the original text that covers what a range of units came from.</summary>
    public Origin OriginOf(int start, int length)
    {
        if (_origins is null)
        {
            return default;
        }

        if (length == 0)
        {
            int place = start < Length ? _origins[start].Start : _originalLength;
            return new Origin(place, place);
        }

        Origin origin = _origins[start];
        for (int i = start + 1; i < start + length; i++)
        {
            origin = origin.Union(_origins[i]);
        }

        return origin;
    }

    /// <summary>Appends one character.</summary>
    public void Append(Rune rune, Origin origin)
    {
        Span<char> units = stackalloc char[2];
        Append(units[..rune.EncodeToUtf16(units)], origin);
    }

    /// <summary>Appends one UTF-16 unit that is a character by itself.</summary>
    public void Append(char character, Origin origin)
    {
        Reserve(1);
        _characters[Length] = character;
        if (_origins is not null)
        {
            _origins[Length] = origin;
        }

        Length++;
    }

    /// <summary>Appends characters that all came from the same place.</summary>
    public void Append(ReadOnlySpan<char> characters, Origin origin)
    {
        Reserve(characters.Length);
        characters.CopyTo(_characters.AsSpan(Length));
        _origins?.AsSpan(Length, characters.Length).Fill(origin);
        Length += characters.Length;
    }

    /// <summary>Appends a part of another text with the same original.</summary>
    public void Append(AlignedText source, int start, int length)
    {
        Reserve(length);
        source._characters.AsSpan(start, length).CopyTo(_characters.AsSpan(Length));
        AppendOrigins(source, start, length);
        Length += length;
    }

    /// <summary>Appends a part of another text with the same original, every unit replaced by the one that a table has for it.</summary>
    /// <param name="source">The other text.</param>
    /// <param name="start">Where the part starts.</param>
    /// <param name="length">How long it is; its units are all below the table's length.</param>
    /// <param name="table">What each unit becomes.</param>
    public void AppendMapped(AlignedText source, int start, int length, ReadOnlySpan<char> table)
    {
        Reserve(length);
        ReadOnlySpan<char> from = source._characters.AsSpan(start, length);
        Span<char> to = _characters.AsSpan(Length, length);
        for (int i = 0; i < from.Length; i++)
        {
            to[i] = table[from[i]];
        }

        AppendOrigins(source, start, length);
        Length += length;
    }

    private void AppendOrigins(AlignedText source, int start, int length)
    {
        if (_origins is not null)
        {
            source._origins.AsSpan(start, length).CopyTo(_origins.AsSpan(Length));
        }
    }

    private void Reserve(int added)
    {
        long needed = (long)Length + added;
        if (needed <= _characters.Length)
        {
            return;
        }

        long allowed = Math.Min(Array.MaxLength, AlwaysAllowed + ((long)LargestGrowth * _originalLength));
        if (needed > allowed)
        {
            throw new InputException(
                _file,
                $"its normalizer or pre-tokenizer makes a text of {_originalLength} characters more than {LargestGrowth} times longer",
                "check the file: no usual tokenizer does this");
        }

        int capacity = (int)Math.Min(allowed, Math.Max(needed, 2L * _characters.Length));
        Array.Resize(ref _characters, capacity);
        if (_origins is not null)
        {
            Array.Resize(ref _origins, capacity);
        }
    }
}
