; The demonstration's edit, as a user of Script-Fu would write it: opens a photo and a stroke mask, calls
; plug-in-semantic-paint for a preview and for the full result, and saves pictures and the XCF.
;
; Run by ./demo, which defines: demo-photo, demo-strokes, demo-folder, demo-concept, demo-operation,
; demo-strength, demo-seed, demo-steps. Panels are saved as PNG files; `sheet.png` shows all four.

(define (demo-path name) (string-append demo-folder "/" name))

; A copy of the image, flattened, as a PNG.
(define (demo-save-flat image name)
  (let* ((copy (car (gimp-image-duplicate image)))
         (layer (car (gimp-image-flatten copy))))
    (file-png-save RUN-NONINTERACTIVE copy layer (demo-path name) (demo-path name) 0 9 0 0 0 0 0)
    (gimp-image-delete copy)))

(define (demo-paint image photo strokes steps)
  (car (plug-in-semantic-paint RUN-NONINTERACTIVE image photo strokes demo-concept demo-operation
                               demo-strength -1 steps demo-seed "")))

; The strokes as a red layer: white where the user painted becomes red, the rest transparent.
(define (demo-show-strokes image strokes)
  (let ((shown (car (gimp-layer-copy strokes TRUE))))
    (gimp-image-insert-layer image shown 0 -1)
    (plug-in-colortoalpha RUN-NONINTERACTIVE image shown '(0 0 0))
    (gimp-layer-set-lock-alpha shown TRUE)
    (gimp-context-set-foreground '(225 72 74))
    (gimp-drawable-edit-fill shown FILL-FOREGROUND)
    (gimp-layer-set-opacity shown 70)
    (gimp-item-set-visible shown TRUE)
    shown))

; Four pictures beside and below each other, each `width` pixels wide.
(define (demo-sheet names width height)
  (let* ((gap 8)
         (sheet (car (gimp-image-new (+ (* 2 width) (* 3 gap)) (+ (* 2 height) (* 3 gap)) RGB)))
         (ground (car (gimp-layer-new sheet (+ (* 2 width) (* 3 gap)) (+ (* 2 height) (* 3 gap))
                                      RGB-IMAGE "ground" 100 LAYER-MODE-NORMAL))))
    (gimp-image-insert-layer sheet ground 0 -1)
    (gimp-drawable-fill ground FILL-WHITE)
    (let loop ((names names) (i 0))
      (if (pair? names)
          (let ((layer (car (gimp-file-load-layer RUN-NONINTERACTIVE sheet (demo-path (car names))))))
            (gimp-image-insert-layer sheet layer 0 -1)
            (gimp-layer-scale layer width height FALSE)
            (gimp-layer-set-offsets layer (+ gap (* (modulo i 2) (+ width gap)))
                                    (+ gap (* (quotient i 2) (+ height gap))))
            (loop (cdr names) (+ i 1)))))
    (demo-save-flat sheet "sheet.png")
    (gimp-image-delete sheet)))

(define (demo-run)
  (let* ((image (car (gimp-file-load RUN-NONINTERACTIVE demo-photo demo-photo)))
         (photo (car (gimp-image-get-active-layer image)))
         (strokes (car (gimp-file-load-layer RUN-NONINTERACTIVE image demo-strokes)))
         (width (car (gimp-image-width image)))
         (height (car (gimp-image-height image))))
    (gimp-item-set-name photo "Photo")
    (gimp-image-insert-layer image strokes 0 -1)
    (gimp-item-set-name strokes "Strokes")
    (gimp-item-set-visible strokes FALSE)
    (demo-save-flat image "photo.png")

    (let ((shown (demo-show-strokes image strokes)))
      (demo-save-flat image "strokes.png")
      (gimp-image-remove-layer image shown))

    (let ((preview (demo-paint image photo strokes 0)))
      (demo-save-flat image "preview.png")
      (gimp-image-remove-layer image preview))

    (demo-paint image photo strokes demo-steps)
    (demo-save-flat image "result.png")
    (gimp-xcf-save RUN-NONINTERACTIVE image photo (demo-path "result.xcf") (demo-path "result.xcf"))
    (demo-sheet '("photo.png" "strokes.png" "preview.png" "result.png")
                800 (round (/ (* 800 height) width)))
    (gimp-image-delete image)))

(demo-run)
