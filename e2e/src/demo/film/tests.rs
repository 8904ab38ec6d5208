use super::{Film, drawn, plain};

#[test]
fn every_frame_is_shown_once_and_the_last_one_where_nothing_moves() {
    let mut film = Film::new();
    film.say("Building.");
    film.refresh(0, "edge\na > b 1\n");
    film.refresh(2, "edge\na > b 2\n");
    film.say("Equal.");
    let svg = film.develop();
    let frames: Vec<&str> = svg.split("<g ").skip(1).collect();
    assert_eq!(frames.len(), 3);
    assert!(frames[0].contains("a &gt; b 1") && frames[1].contains("a &gt; b 2") && !frames[1].contains("b 1"));
    assert!(frames.iter().all(|frame| frame.contains("$ make demo") && frame.contains("Building.")));
    assert!(frames[..2].iter().all(|frame| frame.starts_with("visibility=\"hidden\"")));
    assert!(frames[2].starts_with("visibility=\"visible\"") && frames[2].contains("Equal."));
    // 0.7 s each, and 9 s for the last one.
    assert!(frames[0].contains("values=\"visible;hidden\" keyTimes=\"0.0000;0.0673\" dur=\"10.4s\""), "{}", frames[0]);
    assert!(frames[1].contains("values=\"hidden;visible;hidden\" keyTimes=\"0.0000;0.0673;0.1346\""), "{}", frames[1]);
    assert!(frames[2].contains("values=\"hidden;visible\" keyTimes=\"0.0000;0.1346\""), "{}", frames[2]);
}

#[test]
fn a_line_keeps_its_colours_and_nothing_in_it_is_markup() {
    let line = "a <b> & \x1b[32m=\x1b[0m or \x1b[31mDIFFERS\x1b[0m";
    assert_eq!(plain(line), "a <b> & = or DIFFERS");
    let text = drawn(line, 0);
    let spans = "a &lt;b&gt; &amp; <tspan class=\"green\">=</tspan> or <tspan class=\"red\">DIFFERS</tspan></text>";
    assert!(text.contains(spans), "{text}");
}

#[test]
fn what_has_gone_up_is_not_drawn() {
    let mut film = Film::new();
    film.say(&(0..100).map(|number| format!("line {number};")).collect::<Vec<_>>().join("\n"));
    let svg = film.develop();
    assert!(svg.contains("line 99;") && svg.contains("line 64;") && !svg.contains("line 63;"));
}

#[test]
fn the_picture_in_docs_is_of_the_demo_and_of_its_good_end() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/pictures/demo.svg");
    let svg = std::fs::read_to_string(file).unwrap();
    let last = svg.rsplit("<g ").next().unwrap();
    assert!(last.contains("Equal to the byte and to the connection.") && !last.contains("DIFFERS"));
    for edge in ["productpage-v1 &gt; reviews-v1", "ratings-v2 &gt; mongodb-v1", "productpage-v1 &gt; ratings:?"] {
        assert!(svg.contains(edge), "{edge}");
    }
    assert!(!svg.contains("http://") || svg.matches("http://").count() == 1, "it refers to something outside");
}
